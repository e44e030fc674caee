/**
 * The events of the Nexmark benchmark: an auction house with people, the auctions that they open, and bids. Proportions, ids,
 * hot keys, prices and lengths are those of Apache Beam's generator (org.apache.beam.sdk.nexmark.sources.generator, with its
 * default configuration); the random numbers are our own, so that any event can be made without those before it.
 */

import { itemAt } from '../../model/problems/missing.ts';
import type { Row } from '../../model/values/types.ts';
import { randomAt } from './random.ts';

export interface NexmarkOptions {
  readonly seed: number;
  /** Time of the first event, in milliseconds. */
  readonly start: number;
  /** Events per second of event time. */
  readonly eventRate: number;
}
export type NexmarkKind = 'person' | 'auction' | 'bid';

/** Of 50 events in a row the first is a person, the next three are auctions, and the others bids. */
const round = 50;
const auctionsPerRound = 3;
const firstId = 1000;
const firstCategory = 10;
const categories = 5;
/** Ids that are named before they exist, so that events seem to be swapped. */
const idLead = 10;
const activePeople = 1000;
const auctionsInFlight = 100;
/** One in so many people and auctions is hot for a while. */
const hotStep = 100;
/** All but one in so many bids are for a hot auction; likewise bidders and sellers. */
const hotAuctions = 2;
const hotBidders = 4;
const hotSellers = 4;

const firstNames = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
const lastNames = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
const cities = ['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne'];
const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'];

export function kindOf(event: number): NexmarkKind {
  const place = event % round;
  return place === 0 ? 'person' : place <= auctionsPerRound ? 'auction' : 'bid';
}

export function timeOf(event: number, { start, eventRate }: NexmarkOptions): number {
  return start + Math.floor((event * 1000) / eventRate);
}

/** `time`, `id`, `name`, `email`, `credit_card`, `city`, `state`. */
export function person(event: number, options: NexmarkOptions) {
  const draw = new Draws(options.seed, event);
  return {
    time: timeOf(event, options),
    id: lastPerson(event) + firstId,
    name: `${draw.of(firstNames)} ${draw.of(lastNames)}`,
    email: `${draw.text(7)}@${draw.text(5)}.com`,
    credit_card: `${draw.digits()} ${draw.digits()} ${draw.digits()} ${draw.digits()}`,
    city: draw.of(cities),
    state: draw.of(states),
  } satisfies Row;
}

/** `time`, `id`, `item`, `description`, `initial_bid`, `reserve`, `expires`, `seller`, `category`. */
export function auction(event: number, options: NexmarkOptions) {
  const draw = new Draws(options.seed, event);
  const time = timeOf(event, options);
  const seller = draw.below(hotSellers) > 0 ? hot(lastPerson(event)) : anyPerson(event, draw);
  const category = firstCategory + draw.below(categories);
  const initialBid = draw.price();
  // It lasts as long on average as it takes to open as many auctions as are in flight.
  const horizon = timeOf(event + Math.floor((auctionsInFlight * round) / auctionsPerRound), options) - time;
  const expires = time + 1 + draw.below(Math.max(horizon * 2, 1));
  return {
    time,
    id: lastAuction(event) + firstId,
    item: draw.text(20),
    description: draw.text(100),
    initial_bid: initialBid,
    reserve: initialBid + draw.price(),
    expires,
    seller: seller + firstId,
    category,
  } satisfies Row;
}

/** `time`, `auction`, `bidder`, `price`. */
export function bid(event: number, options: NexmarkOptions) {
  const draw = new Draws(options.seed, event);
  const last = lastAuction(event);
  let bidFor = hot(last);
  if (draw.below(hotAuctions) === 0) {
    const oldest = Math.max(last - auctionsInFlight, 0);
    bidFor = oldest + draw.below(last - oldest + 1 + idLead);
  }
  // One further than hot sellers, so that nobody bids for their own.
  const bidder = draw.below(hotBidders) > 0 ? hot(lastPerson(event)) + 1 : anyPerson(event, draw);
  return { time: timeOf(event, options), auction: bidFor + firstId, bidder: bidder + firstId, price: draw.price() } satisfies Row;
}

/** The newest person, from 0, when this event happens. */
function lastPerson(event: number): number {
  return Math.floor(event / round);
}

/** The newest auction, from 0, when this event happens; -1 before the first. */
function lastAuction(event: number): number {
  const place = event % round;
  const before = Math.floor(event / round) * auctionsPerRound;
  return place === 0 ? before - 1 : before + Math.min(place, auctionsPerRound) - 1;
}

function anyPerson(event: number, draw: Draws): number {
  const people = lastPerson(event) + 1;
  const active = Math.min(people, activePeople);
  return people - active + draw.below(active + idLead);
}

function hot(last: number): number {
  return Math.floor(last / hotStep) * hotStep;
}

/** The random numbers of one event, one after the other. */
class Draws {
  readonly #seed: number;
  readonly #event: number;
  #use = 0;

  constructor(seed: number, event: number) {
    this.#seed = seed;
    this.#event = event;
  }

  below(limit: number): number {
    return Math.floor(randomAt(this.#seed, this.#event, this.#use++) * limit);
  }

  of(texts: readonly string[]): string {
    return itemAt(texts, this.below(texts.length));
  }

  /** From 100 to 100 million, small ones more often. */
  price(): number {
    return Math.round(10 ** (randomAt(this.#seed, this.#event, this.#use++) * 6) * 100);
  }

  digits(): string {
    return String(this.below(10_000)).padStart(4, '0');
  }

  /** From 3 to less than `limit` small letters, with a space here and there within. */
  text(limit: number): string {
    const length = 3 + this.below(limit - 3);
    let text = '';
    while (text.length < length) {
      // Five letters out of each number.
      for (let bits = this.below(0x8000_0000), i = 0; i < 5 && text.length < length; i++, bits = Math.floor(bits / 32)) {
        const letter = bits % 32;
        text += letter < 26 || text.length === 0 || text.length === length - 1 ? String.fromCharCode(97 + (letter % 26)) : letter > 29 ? ' ' : 'e';
      }
    }
    return text;
  }
}
