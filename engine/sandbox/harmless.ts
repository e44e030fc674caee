import { globals } from './globals.ts';

const words = (text: string) => text.split(' ');

/** Names of globals that give no way to change an object that the code did not make itself. */
const harmlessGlobals = new Set(
  words(
    'undefined NaN Infinity isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape ' +
      'Array BigInt Boolean Date JSON Map Math Number Object RegExp Set String WeakMap WeakSet ' +
      'BigInt64Array BigUint64Array Float32Array Float64Array Int8Array Int16Array Int32Array Uint8Array Uint8ClampedArray Uint16Array Uint32Array ' +
      'AggregateError Error EvalError RangeError ReferenceError SyntaxError TypeError URIError',
  ),
);

/** The others, and what runs texts as code where it exists. */
export const suspectGlobals: ReadonlySet<string> = new Set(['eval', 'Function', 'Compartment', ...[...globals].filter((name) => !harmlessGlobals.has(name))]);

/**
 * Names of JavaScript's own methods and properties that change no objects, except those that a row cannot contain (dates, maps, sets,
 * iterators).
 */
const harmlessMembers = new Set([
  ...words('then all any race try for input encoding'),
  ...words('length name message description cause stack errors source flags global ignoreCase multiline sticky unicode dotAll hasIndices lastIndex size'),
  ...words('byteLength byteOffset BYTES_PER_ELEMENT toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable toJSON'),
  ...words('keys values entries fromEntries hasOwn is isFrozen isSealed isExtensible getOwnPropertyNames getOwnPropertySymbols groupBy create'),
  ...words('at concat every filter find findIndex findLast findLastIndex flat flatMap forEach includes indexOf isArray join lastIndexOf map reduce'),
  ...words('reduceRight slice some subarray toReversed toSorted toSpliced with from of'),
  ...words('anchor big blink bold charAt charCodeAt codePointAt endsWith fixed fontcolor fontsize fromCharCode fromCodePoint isWellFormed italics link'),
  ...words('localeCompare match matchAll normalize padEnd padStart raw repeat replace replaceAll search small split startsWith strike sub substr substring'),
  ...words('sup toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase toWellFormed trim trimEnd trimLeft trimRight trimStart'),
  ...words('toExponential toFixed toPrecision parse stringify exec test get has add delete clear next return throw drop take toArray asIntN asUintN UTC now'),
  ...words(
    'difference intersection isDisjointFrom isSubsetOf isSupersetOf symmetricDifference union parseFloat parseInt isFinite isInteger isNaN isSafeInteger',
  ),
  ...Object.getOwnPropertyNames(Math),
  ...Object.getOwnPropertyNames(Number).filter((name) => name === name.toUpperCase()),
  ...Object.getOwnPropertyNames(Date.prototype).filter((name) => name !== 'constructor'),
]);

let names: ReadonlySet<string> | null = null;

/**
 * Names of members by which code may change an object that it was given, or may get a function that does: all of JavaScript's own, except
 * those that are known to be harmless. Any other name is a column, or something that the code has made itself.
 */
export function suspectNames(): ReadonlySet<string> {
  names ??= new Set(['__proto__', 'constructor', 'prototype', ...[...builtInMembers()].filter((name) => !harmlessMembers.has(name))]);
  return names;
}

/** The names of all properties of everything that can be reached from the globals, and from objects that have no global of their own. */
function builtInMembers(): Set<string> {
  const all = globalThis as { readonly [name: string]: unknown };
  const hidden = [
    [][Symbol.iterator](),
    ''[Symbol.iterator](),
    ''.matchAll(/x/g),
    new Map().keys(),
    new Set().keys(),
    function* () {},
    async function* () {},
    async () => {},
  ];
  const pending: unknown[] = [...hidden];
  for (const name of globals) if (name !== 'globalThis') pending.push(all[name]);
  const seen = new Set<unknown>();
  const found = new Set<string>();
  while (pending.length > 0) {
    const value = pending.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    pending.push(Object.getPrototypeOf(value));
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      found.add(name);
      pending.push(property.value, property.get, property.set);
    }
  }
  return found;
}
