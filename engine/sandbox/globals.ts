/**
 * The globals of users' code, in addition to the helpers of library.ts. It lists what is harmless rather than what is not, so that nothing
 * that a later version of JavaScript or of SES adds is available by itself. `eval`, `Function`, `Compartment` and whatever else runs a text
 * as code must never be in it.
 */
export const globals: ReadonlySet<string> = new Set(
  (
    'globalThis undefined NaN Infinity isFinite isNaN parseFloat parseInt ' +
    'decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape ' +
    'Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Float32Array Float64Array Int8Array Int16Array Int32Array ' +
    'Iterator JSON Map Math Number Object Promise Proxy Reflect RegExp Set String Symbol TextDecoder TextEncoder ' +
    'Uint8Array Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakSet ' +
    'AggregateError Error EvalError RangeError ReferenceError SyntaxError TypeError URIError'
  ).split(' '),
);
