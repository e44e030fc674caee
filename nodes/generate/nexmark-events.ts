/**
 * The events of the Nexmark benchmark: an auction house with people, the auctions that they open, and bids. Proportions, ids, hot keys,
 * prices and lengths are those of Apache Beam's generator (org.apache.beam.sdk.nexmark.sources.generator, with its default configuration);
 * the random numbers are our own, so that any event can be generated without those before it. The details of bids are those of the suite
 * for Flink (com.github.nexmark.flink.generator.model.BidGenerator).
 */

import { itemAt } from '../../model/faults/missing.ts';
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

/** Of 50 consecutive events the first is a person, the next three are auctions, and the others bids. */
const round = 50;
const auctionsPerRound = 3;
const firstId = 1000;
const firstCategory = 10;
const categories = 5;
/** Ids that are named before they exist, so that events seem to be swapped. */
const idLead = 10;
const activePeople = 1000;
const auctionsInFlight = 100;
/** One in this many people and auctions is hot for a while. */
const hotStep = 100;
/** All but one in this many bids are for a hot auction; likewise bidders and sellers. */
const hotAuctions = 2;
const hotBidders = 4;
const hotSellers = 4;

/** All but one in this many bids have a hot channel. */
const hotChannelBids = 2;
const channels = 10_000;
/** All but one in this many channels that are not hot have an id in their URL. */
const withChannelId = 10;
/** So that a bid has 100 bytes on average, of which its numbers take 32. */
const extraLength = { least: 54, spread: 28 };

const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'];
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
  // Its average duration is the time in which as many auctions are opened as are in flight.
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
  // One more than hot sellers, so that nobody bids for their own.
  const bidder = draw.below(hotBidders) > 0 ? hot(lastPerson(event)) + 1 : anyPerson(event, draw);
  return { time: timeOf(event, options), auction: bidFor + firstId, bidder: bidder + firstId, price: draw.price() } satisfies Row;
}

/** `time`, `auction`, `bidder`, `price` of the same bid, and its `channel`, `url` and `extra`. */
export function detailedBid(event: number, options: NexmarkOptions) {
  const { time, auction, bidder, price } = bid(event, options);
  const draw = new Draws(options.seed, event, detailDraws);
  const texts = textsOf(options.seed);
  const { channel, url } = draw.below(hotChannelBids) > 0 ? texts.hotChannel(draw.below(hotChannels.length)) : texts.channel(draw.below(channels));
  const length = extraLength.least + draw.below(extraLength.spread);
  return { time, auction, bidder, price, channel, url, extra: texts.letters(draw.below(DetailTexts.size), length) } satisfies Row;
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

/** The draws for a bid's details come after all that a bid itself may take. */
const detailDraws = 16;

interface Channel {
  readonly channel: string;
  readonly url: string;
}

/** The texts that bids of a seed share: channels with their URLs, and letters of which each bid has a stretch. */
class DetailTexts {
  static readonly size = 65_536;
  readonly #seed: number;
  readonly #hot: readonly Channel[];
  readonly #channels: Channel[] = [];
  readonly #letters: string;

  constructor(seed: number) {
    this.#seed = seed;
    this.#hot = hotChannels.map((channel, i) => ({ channel, url: baseUrl(this.#draws(-1 - i)) }));
    const draw = this.#draws(-1 - hotChannels.length);
    const letters = new Uint8Array(DetailTexts.size + extraLength.least + extraLength.spread).map(() => 97 + draw.below(26));
    this.#letters = String.fromCharCode(...letters);
  }

  hotChannel(i: number): Channel {
    return this.#hot[i]!;
  }

  channel(number: number): Channel {
    const known = this.#channels[number];
    if (known) return known;
    const draw = this.#draws(number);
    const url = baseUrl(draw);
    const id = draw.below(withChannelId) > 0 ? `&channel_id=${Math.abs(reversed(number))}` : '';
    const made = { channel: `channel-${number}`, url: url + id };
    this.#channels[number] = made;
    return made;
  }

  letters(start: number, length: number): string {
    return this.#letters.slice(start, start + length);
  }

  #draws(of: number): Draws {
    return new Draws(this.#seed, of, 2 * detailDraws);
  }
}

let lastTexts: { readonly seed: number; readonly texts: DetailTexts } | null = null;

function textsOf(seed: number): DetailTexts {
  if (lastTexts?.seed !== seed) lastTexts = { seed, texts: new DetailTexts(seed) };
  return lastTexts.texts;
}

function baseUrl(draw: Draws): string {
  const folder = () => draw.text(5).replaceAll(' ', '_');
  return `https://www.nexmark.com/${folder()}/${folder()}/${folder()}/item.htm?query=1`;
}

/** The 32 bits of an integer from the last to the first, as a signed one. */
function reversed(integer: number): number {
  let bits = 0;
  for (let i = 0; i < 32; i++) bits = (bits << 1) | ((integer >>> i) & 1);
  return bits;
}

/** Of a text in the making. One that is put together by \`+=\` would hold an object for each letter, for as long as the row is kept. */
const letters = Buffer.allocUnsafe(128);
const [space, letterE] = [32, 101];

/** The random numbers of one event, one after the other. */
class Draws {
  readonly #seed: number;
  readonly #event: number;
  #use: number;

  constructor(seed: number, event: number, firstUse = 0) {
    this.#seed = seed;
    this.#event = event;
    this.#use = firstUse;
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

  /** From 3 to less than `limit` small letters, with some spaces inside. */
  text(limit: number): string {
    const length = 3 + this.below(limit - 3);
    let at = 0;
    while (at < length) {
      // Five letters out of each number.
      for (let bits = this.below(0x8000_0000), i = 0; i < 5 && at < length; i++, bits = Math.floor(bits / 32)) {
        const letter = bits % 32;
        letters[at] = letter < 26 || at === 0 || at === length - 1 ? 97 + (letter % 26) : letter > 29 ? space : letterE;
        at++;
      }
    }
    return letters.toString('latin1', 0, length);
  }
}
