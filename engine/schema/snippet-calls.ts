import { type Call, isNumeric } from './known-calls.ts';
import { nullable, of, type Shape } from './shape.ts';

/** Null gives null, in all helpers. */
const fromFirst =
  (result: Shape): Call =>
  (_, [first]) =>
    !first || first.nullable || first.is === 'null' ? nullable(result) : result;
/** What is no number gives null, too. */
const fromTime =
  (result: Shape): Call =>
  (_, [first]) =>
    first && !first.nullable && (isNumeric(first) || first.is === 'date') ? result : nullable(result);

const parts = ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'second'];

/** What the helper library's functions give (engine/sandbox/library.ts), by full name. */
export const snippetCalls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['time.parse', () => of('timestamp', true)],
  ['time.floor', fromTime(of('timestamp'))],
  ['time.iso', fromTime(of('string'))],
  ['time.date', fromTime(of('string'))],
  ...parts.map((name) => [`time.${name}`, fromTime(of('integer'))] as const),
  ['text.clean', fromFirst(of('string'))],
  ['text.title', fromFirst(of('string'))],
  ['text.number', () => of('number', true)],
  ['round', (self, args) => fromTime(of(args.length > 1 ? 'number' : 'integer'))(self, args)],
]);

/** The names that the library adds to the globals. */
export const snippetGlobals: ReadonlySet<string> = new Set([...snippetCalls.keys()].map((name) => name.split('.')[0]!));
