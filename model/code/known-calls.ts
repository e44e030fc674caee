/** Result types of the standard library: methods by the kind of value, and global functions. */
import { arrayOf, nullable, numberOf, of, present, type Shape, union, unknown } from './shape.ts';

/** The result of a call, from the value on which it is called and its arguments. */
export type Call = (self: Shape, args: readonly Shape[]) => Shape;

const string = of('string');
const integer = of('integer');
const boolean = of('boolean');
const texts = arrayOf(string);
const always = (shape: Shape): Call => {
  return () => shape;
};
const itemOf = (shape: Shape): Shape => shape.item ?? unknown;
const table = (entries: readonly (readonly [names: string, call: Call])[]): ReadonlyMap<string, Call> =>
  new Map(entries.flatMap(([names, call]) => names.split(' ').map((name) => [name, call] as const)));

export const isNumberLike = (shape: Shape): boolean => ['integer', 'number', 'timestamp', 'Date', 'boolean', 'null', 'never'].includes(shape.is);
/** Whether arithmetic on it never gives NaN. A nullable value may also be undefined, and with that it does. */
export const isNumeric = (shape: Shape): boolean => isNumberLike(shape) && !shape.nullable;
/** A result that is NaN, which becomes null, unless every argument is numeric. */
const numberFrom = (is: 'integer' | 'number', args: readonly Shape[]): Shape => numberOf(is, args.every(isNumeric));

const stringMethods = table([
  [
    'toUpperCase toLowerCase toLocaleUpperCase toLocaleLowerCase trim trimStart trimEnd slice substring substr concat repeat replace replaceAll padStart padEnd normalize charAt toString valueOf toWellFormed',
    always(string),
  ],
  ['indexOf lastIndexOf search localeCompare', always(integer)],
  ['includes startsWith endsWith isWellFormed', always(boolean)],
  ['split', always(texts)],
  ['at', always(nullable(string))],
  ['charCodeAt codePointAt', always(numberOf('integer', false))],
  ['match', always(nullable(texts))],
]);
const numberMethods = table([
  ['toFixed toPrecision toExponential toString toLocaleString', always(string)],
  ['valueOf', (self) => present(self)],
]);
const decimalMethods = table([['toString toJSON', always(string)]]);
const dateMethods = table([
  ['toISOString toString toDateString toTimeString toLocaleString toLocaleDateString toLocaleTimeString toUTCString toJSON', always(string)],
  ['getTime valueOf', (self) => numberOf('timestamp', !self.nan)],
  [
    'getFullYear getMonth getDate getDay getHours getMinutes getSeconds getMilliseconds getUTCFullYear getUTCMonth getUTCDate getUTCDay getUTCHours getUTCMinutes getUTCSeconds getUTCMilliseconds getTimezoneOffset',
    (self) => numberOf('integer', !self.nan),
  ],
]);
/** Methods that take a function (`map`, `reduce`, …) are handled in expression-type.ts, which can analyse it. */
const arrayMethods = table([
  ['slice concat reverse sort toReversed toSorted toSpliced splice with fill', (self) => ({ ...self, nullable: false })],
  ['join toString', always(string)],
  ['includes', always(boolean)],
  ['indexOf lastIndexOf push unshift', always(integer)],
  ['at pop shift', (self) => nullable(itemOf(self))],
  ['values', (self) => ({ ...self, nullable: false })],
  ['flat', (self) => arrayOf(itemOf(self).is === 'array' ? itemOf(itemOf(self)) : unknown)],
]);
const anyMethods = table([['toString toLocaleString', always(string)]]);

export function methodOf(self: Shape, name: string): Call | undefined {
  const methods: Partial<Record<Shape['is'], ReadonlyMap<string, Call>>> = {
    string: stringMethods,
    date: stringMethods,
    integer: numberMethods,
    number: numberMethods,
    decimal: decimalMethods,
    timestamp: numberMethods,
    Date: dateMethods,
    array: arrayMethods,
  };
  return methods[self.is]?.get(name) ?? anyMethods.get(name);
}

const number: Call = (_, args) => {
  const [value] = args;
  if (!value) return integer;
  return numberOf(value.is === 'integer' || value.is === 'timestamp' ? value.is : 'number', isNumeric(value));
};

/** Global functions, `Math.round` and the like by their full names. */
export const globalCalls: ReadonlyMap<string, Call> = table([
  [
    'String JSON.stringify String.fromCharCode String.fromCodePoint encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape String.raw',
    always(string),
  ],
  ['Number', number],
  ['parseInt Number.parseInt', always(numberOf('integer', false))],
  ['parseFloat Number.parseFloat', always(numberOf('number', false))],
  ['Boolean isNaN isFinite Number.isNaN Number.isFinite Number.isInteger Number.isSafeInteger Array.isArray Object.is Object.hasOwn', always(boolean)],
  ['Math.round Math.floor Math.ceil Math.trunc Math.sign Math.clz32', (_, args) => numberFrom('integer', args)],
  ['Math.abs', (_, args) => numberFrom(args[0]?.is === 'integer' ? 'integer' : 'number', args)],
  [
    'Math.min Math.max',
    (_, args) => {
      const all = args.map(present).reduce(union, of('never'));
      return numberOf(args.length > 0 && (all.is === 'integer' || all.is === 'timestamp') ? all.is : 'number', args.length > 0 && args.every(isNumeric));
    },
  ],
  [
    'Math.random Math.exp Math.cbrt Math.sin Math.cos Math.tan Math.atan Math.atan2 Math.sinh Math.cosh Math.tanh Math.hypot Math.fround',
    (_, args) => numberFrom('number', args),
  ],
  [
    'Math.sqrt Math.log Math.log2 Math.log10 Math.log1p Math.expm1 Math.pow Math.asin Math.acos Math.asinh Math.acosh Math.atanh',
    always(numberOf('number', false)),
  ],
  ['Date.now', always(of('timestamp'))],
  ['Date.parse Date.UTC', always(numberOf('timestamp', false))],
  ['Object.keys', always(texts)],
  ['Object.freeze Object.seal', (_, args) => (args[0] ? { ...args[0], row: false } : unknown)],
]);

/** `Math.PI` and the like. */
export const globalConstants: ReadonlyMap<string, Shape> = new Map([
  ...['PI', 'E', 'LN2', 'LN10', 'LOG2E', 'LOG10E', 'SQRT2', 'SQRT1_2'].map((name) => [`Math.${name}`, of('number')] as const),
  ...['MAX_SAFE_INTEGER', 'MIN_SAFE_INTEGER'].map((name) => [`Number.${name}`, integer] as const),
  ...['MAX_VALUE', 'MIN_VALUE', 'EPSILON'].map((name) => [`Number.${name}`, of('number')] as const),
]);

/** The names that confined code has in addition to the helper library: the language's own, none of the host's. */
export const globalNames: ReadonlySet<string> = new Set(
  (
    'undefined NaN Infinity globalThis Object Function Array String Number Boolean Symbol BigInt Math JSON Date RegExp Map Set WeakMap WeakSet Promise Proxy Reflect Iterator ' +
    'Error TypeError RangeError SyntaxError ReferenceError EvalError URIError AggregateError ArrayBuffer DataView Uint8Array Int8Array Uint8ClampedArray Uint16Array Int16Array ' +
    'Uint32Array Int32Array Float32Array Float64Array BigInt64Array BigUint64Array parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI decodeURIComponent ' +
    'escape unescape arguments'
  ).split(' '),
);
