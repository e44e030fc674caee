import { type Call, isNumeric } from './known-calls.ts';
import { nullable, of, type Shape } from './shape.ts';

/** Null gives null, in all helpers. */
const fromFirst =
  (result: Shape): Call =>
  (_, [first]) =>
    !first || first.nullable || first.is === 'null' ? nullable(result) : result;
/** Anything but a number gives null, too. */
const fromTime =
  (result: Shape): Call =>
  (_, [first]) =>
    first && !first.nullable && (isNumeric(first) || first.is === 'date') ? result : nullable(result);

/** Null if one of the first `count` arguments may be. */
const fromAll =
  (result: Shape, count: number): Call =>
  (_, args) =>
    args.slice(0, count).every((each) => !each.nullable && each.is !== 'null') ? result : nullable(result);
const decimal = of('decimal');
const decimalCalls: readonly (readonly [name: string, call: Call])[] = [
  ['of', (_, [first]) => (first && !first.nullable && !first.nan && ['decimal', 'integer', 'number'].includes(first.is) ? decimal : nullable(decimal))],
  ...['add', 'subtract', 'multiply', 'divide'].map((name) => [name, fromAll(decimal, 2)] as const),
  ...['round', 'abs', 'negate'].map((name) => [name, fromAll(decimal, 1)] as const),
  ...['min', 'max'].map((name) => [name, fromAll(decimal, Number.POSITIVE_INFINITY)] as const),
  ['compare', fromAll(of('integer'), 2)],
  ['equals', () => of('boolean')],
  ['toNumber', fromAll(of('number'), 1)],
];

const parts = ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'second'];

/** The results of the helper library's functions (engine/sandbox/library.ts), by full name. */
export const snippetCalls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['time.parse', () => of('timestamp', true)],
  ['time.floor', fromTime(of('timestamp'))],
  ['time.iso', fromTime(of('string'))],
  ['time.date', fromTime(of('string'))],
  ...parts.map((name) => [`time.${name}`, fromTime(of('integer'))] as const),
  ...decimalCalls.map(([name, call]) => [`decimal.${name}`, call] as const),
  ['text.clean', fromFirst(of('string'))],
  ['text.title', fromFirst(of('string'))],
  ['text.number', () => of('number', true)],
  ['round', (self, args) => fromTime(of(args.length > 1 ? 'number' : 'integer'))(self, args)],
]);

/** The names that the library adds to the globals. */
export const snippetGlobals: ReadonlySet<string> = new Set([...snippetCalls.keys()].map((name) => name.replace(/\..*/s, '')));
