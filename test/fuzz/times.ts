/** Times and numbers as texts: each is what Python's datetime, zoneinfo and decimal make of it. */

import { TimePattern } from '@millrace/kit/formats/time-pattern';
import fc from 'fast-check';
import { parseTimestamp } from '../../model/time/timestamp.ts';
import { zoneOf } from '../../model/time/zone.ts';
import { readExactly } from '../../model/values/exact.ts';
import { numberReader } from '../../model/values/number-format.ts';
import { castText } from '../../model/values/values.ts';
import { askPython, drawn, expectNone } from './python.ts';

interface Answer {
  readonly value?: number;
  readonly exact?: boolean;
  /** Programs print it in two ways: docs/types.md says which one is exact. */
  readonly tie?: boolean;
  readonly error?: string;
}

const two = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 28 }) }, fc.integer({ min: 0, max: 99 })).map((each) => String(each).padStart(2, '0'));
const year = fc
  .oneof({ weight: 9, arbitrary: fc.integer({ min: 1900, max: 2100 }) }, fc.integer({ min: 2, max: 9998 }))
  .map((each) => String(each).padStart(4, '0'));
const month = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 12 }) }, fc.integer({ min: 0, max: 13 })).map((each) => String(each).padStart(2, '0'));
const hour = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 23 }) }, fc.integer({ min: 0, max: 25 })).map((each) => String(each).padStart(2, '0'));
const sixty = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 59 }) }, fc.integer({ min: 0, max: 61 })).map((each) => String(each).padStart(2, '0'));
const fraction = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 6 });
const offset = fc.oneof(
  fc.constantFrom('', 'Z', '+00:00', '-00:30'),
  fc.tuple(fc.constantFrom('+', '-'), hour, fc.constantFrom(':', ''), sixty).map((parts) => parts.join('')),
  hour.map((each) => `+${each}`),
);
const day = fc.tuple(year, month, two).map((parts) => parts.join('-'));
const clock = fc.tuple(hour, sixty, fc.option(fc.tuple(sixty, fc.option(fraction)))).map(([h, m, rest]) => {
  const seconds = rest ? `:${rest[0]}${rest[1] ? `.${rest[1]}` : ''}` : '';
  return `${h}:${m}${seconds}`;
});
const iso = fc.oneof({ weight: 4, arbitrary: fc.tuple(day, fc.constantFrom('T', ' '), clock, offset).map((parts) => parts.join('')) }, day);
const spoilt = fc.tuple(iso, fc.nat(), fc.constantFrom('', '0', '-', ':', ' ', 'x', 'T', '.', ',')).map(([text, at, what]) => {
  const index = at % text.length;
  return text.slice(0, index) + what + text.slice(index + 1);
});
/** What docs/types.md calls a timestamp or a date, but for years with a sign. */
const form = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?[0-5]\d)?)?)?$/;

export function expectIsoTimes(count: number): void {
  const { seed, cases } = drawn(fc.oneof({ weight: 3, arbitrary: iso }, spoilt), count);
  const answers = askPython<Answer>(
    'iso_time',
    cases.map((text) => ({ text })),
  );
  const differences = cases.flatMap((text, i) => {
    const { value, exact } = answers[i]!;
    const isForm = form.test(text);
    const read = parseTimestamp(text);
    const told = readExactly(text, 'timestamp');
    // Python takes other forms of ISO 8601 too (20260131, 2026-W05-6), and offsets such as +01:60; here those are text. It has no year 0.
    const wanted = isForm ? (value ?? null) : null;
    const isSame = text.startsWith('0000') || (read === wanted && told === (wanted !== null && exact ? wanted : undefined));
    return isSame ? [] : [`"${text}": ${read}, told ${told}, not ${JSON.stringify(answers[i])}`];
  });
  expectNone(differences, seed);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const patterns: readonly (readonly [ours: string, theirs: string, write: (parts: Parts) => string])[] = [
  ['dd.MM.yyyy HH:mm:ss', '%d.%m.%Y %H:%M:%S', ({ y, M, d, h, m, s }) => `${d}.${M}.${y} ${h}:${m}:${s}`],
  ['yyyyMMddHHmmss', '%Y%m%d%H%M%S', ({ y, M, d, h, m, s }) => `${y}${M}${d}${h}${m}${s}`],
  ['M/d/yyyy h:mm a', '%m/%d/%Y %I:%M %p', ({ y, M, d, h, m }) => `${Number(M)}/${Number(d)}/${y} ${Number(h) % 13}:${m} ${Number(m) % 2 ? 'AM' : 'pm'}`],
  [
    'dd/MMM/yyyy:HH:mm:ss X',
    '%d/%b/%Y:%H:%M:%S %z',
    ({ y, M, d, h, m, s }) => `${d}/${months[Number(M) % 12]}/${y}:${h}:${m}:${s} ${Number(s) % 2 ? '+0530' : '-08:00'}`,
  ],
  ["yy-MM-dd'T'HH:mm", '%y-%m-%dT%H:%M', ({ y, M, d, h, m }) => `${y.slice(2)}-${M}-${d}T${h}:${m}`],
  ['yyyy-MM-dd HH:mm:ss.SSSSSS', '%Y-%m-%d %H:%M:%S.%f', ({ y, M, d, h, m, s, f }) => `${y}-${M}-${d} ${h}:${m}:${s}.${f}`],
  ['d. M. yyyy', '%d. %m. %Y', ({ y, M, d }) => `${Number(d)}. ${Number(M)}. ${y}`],
];
interface Parts {
  readonly y: string;
  readonly M: string;
  readonly d: string;
  readonly h: string;
  readonly m: string;
  readonly s: string;
  readonly f: string;
}

/** From 1970 to 2037: earlier rules are not the same in all copies of the database, and later ones are foretold in different ways. */
const recent = fc.integer({ min: 1971, max: 2036 }).map(String);
/** The hours in which most clocks are changed. */
const early = fc.constantFrom('00', '01', '02', '03');

/** Zones whose rules were changed between the two copies of the database. */
const mostDiffering = 8;

export function expectZonedTimes(count: number): void {
  const zones = Intl.supportedValuesOf('timeZone');
  const parts = fc.record({
    y: recent,
    M: month,
    d: two,
    h: fc.oneof(early, hour),
    m: sixty,
    s: sixty,
    f: fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 6, maxLength: 6 }),
  });
  const { seed, cases } = drawn(fc.tuple(fc.constantFrom(...patterns), parts, fc.constantFrom(...zones, 'Europe/Berlin', 'America/New_York')), count);
  const requests = cases.map(([[, pattern, write], each, zone]) => ({ text: write(each), pattern, zone }));
  const answers = askPython<Answer>('zoned_time', requests);
  const unknown = new Set<string>();
  const differing = new Map<string, string>();
  const differences = cases.flatMap(([[pattern], , zone], i) => {
    const { text } = requests[i]!;
    const read = new TimePattern(pattern, zoneOf(zone)!).read(text);
    const { value, error } = answers[i]!;
    if (error?.includes('No time zone')) unknown.add(zone);
    if (unknown.has(zone) || (Number.isNaN(read) ? value === undefined : read === value)) return [];
    const difference = `${pattern} "${text}" in ${zone}: ${read}, not ${JSON.stringify(answers[i])}`;
    // The two have the rules of different years of the database: those of a few zones may differ.
    if (value !== undefined && !Number.isNaN(read) && Math.abs(value - read) <= 86_400_000) {
      differing.set(zone, difference);
      return [];
    }
    return [difference];
  });
  expectNone(differing.size > mostDiffering ? [...differences, ...differing.values()] : differences, seed);
}

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 });
const decimal = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      digits,
      fc.constantFrom('', '.'),
      fc.oneof(fc.constant(''), digits),
      fc.constantFrom('', '', 'e3', 'E-7', 'e+20', 'e-320', 'e400'),
    )
    .map((parts) => parts.join('')),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toPrecision(17)),
  fc.string({ unit: fc.constantFrom(...'0123456789.eE+-_ '), maxLength: 12 }),
);
/** What docs/types.md takes as a number by itself: no zeros or plus before it, and exponents with a sign or behind a point. */
const plainNumber = /^-?((0|[1-9]\d*)|(0|[1-9]\d*)?\.\d+([eE]\d+)?|((0|[1-9]\d*)(\.\d+)?|\.\d+)[eE][+-]\d+)$/;
const whole = /^[+-]?\d+(\.0*)?$/;

export function expectDecimals(count: number): void {
  const { seed, cases } = drawn(decimal, count);
  const answers = askPython<Answer>(
    'decimal',
    cases.map((text) => ({ text })),
  );
  const differences = cases.flatMap((text, i) => {
    const { value, exact, tie } = answers[i]!;
    const told = readExactly(text, 'number');
    const isPlain = plainNumber.test(text) && exact === true;
    const isLarge = /^-?\d+$/.test(text) && !Number.isSafeInteger(value);
    const sameTold = isPlain && !isLarge ? told === value : isPlain && told !== undefined ? told === value : told === undefined;
    const cast = castText(text, 'number');
    // Somebody has said that it is a number: it is the nearest, but whole numbers beyond 2^53 are never rounded.
    const mayCast = value !== undefined && !(whole.test(text) && !exact);
    const sameCast = cast.ok ? mayCast && cast.value === value : !mayCast;
    return (sameTold || tie) && sameCast ? [] : [`"${text}": told ${told}, cast ${JSON.stringify(cast)}, not ${JSON.stringify(answers[i])}`];
  });
  expectNone(differences, seed);
}

const marks = { comma: ',', dot: '.', space: ' ', apostrophe: "'", underscore: '_' } as const;

/** Numbers with a decimal comma, thousands, units and brackets keep every digit. */
export function expectNumberFormats(count: number): void {
  const format = fc
    .record({
      decimal: fc.constantFrom('dot', 'comma'),
      thousands: fc.constantFrom('none', ...(Object.keys(marks) as (keyof typeof marks)[])),
      brackets: fc.boolean(),
      unit: fc.constantFrom('', '€', 'kg'),
    })
    .filter(({ decimal: point, thousands }) => point !== thousands);
  const { seed, cases } = drawn(fc.tuple(format, fc.boolean(), digits, fc.option(digits)), count);
  const texts = cases.map(([{ decimal: point, thousands, brackets, unit }, isNegative, all, rest]) => {
    const digitsOfWhole = all.replace(/^0+(?=\d)/, '');
    const grouped = thousands === 'none' ? digitsOfWhole : digitsOfWhole.replace(/\B(?=(\d{3})+$)/g, marks[thousands]);
    const number = `${grouped}${rest === null ? '' : `${marks[point]}${rest}`}`;
    const signed = isNegative ? (brackets ? `(${number})` : `-${number}`) : number;
    return unit === '' ? signed : `${signed} ${unit}`;
  });
  const reads = cases.map(([{ decimal: point, thousands, brackets, unit }], i) =>
    numberReader({ decimal: point, thousands, units: unit === '' ? [] : [unit], percent: 'none', brackets })(texts[i]!),
  );
  const answers = askPython<{ readonly same: boolean }>(
    'same_number',
    cases.map(([, isNegative, all, rest], i) => ({ one: reads[i] ?? 'nothing', other: `${isNegative ? '-' : ''}${all}.${rest ?? ''}` })),
  );
  expectNone(
    texts.flatMap((text, i) => (answers[i]!.same ? [] : [`"${text}" of ${JSON.stringify(cases[i]![0])}: ${reads[i]}`])),
    seed,
  );
}
