/** JavaScript's own objects as users' code gets them. */
// biome-ignore-all lint/complexity/noArguments: a list of what is given would be made for each row.
import { guardedNames } from '../../model/code/null-coercion.ts';
import { unnamedSource } from './places.ts';

type Global = { readonly [name: string]: unknown };

/**
 * These objects as in `all`, but with functions that handle null: a call with null is answered by `missed`, with the name of the function,
 * which returns null or throws. A constructor cannot return null, so there `failed` throws.
 */
export function guardedGlobals(all: { readonly [name: string]: any }, missed: (name: string) => unknown, failed: (name: string) => never): Global {
  const { Math: mathOf, Number: numberOf, String: stringOf, Date: dateOf, RegExp: patternOf, isNaN: isNaNOf, isFinite: isFiniteOf } = all;
  const known = (value: unknown) => value !== null && value !== undefined;
  const ofOne = (name: string, own: (value: unknown) => unknown) => (value: unknown, more?: unknown) =>
    known(value) ? (own as (value: unknown, more?: unknown) => unknown)(value, more) : missed(name);

  const math: Record<string, unknown> = {};
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(mathOf))) {
    math[name] = typeof value !== 'function' || name === 'random' ? value : guardedMath(name, value as (...values: unknown[]) => unknown, missed);
  }
  function number(value?: unknown) {
    if (new.target) return Reflect.construct(numberOf, arguments, new.target);
    return value != null ? numberOf(value) : arguments.length === 0 ? 0 : missed('Number');
  }
  function string(value?: unknown) {
    if (new.target) return Reflect.construct(stringOf, arguments, new.target);
    return value != null ? stringOf(value) : arguments.length === 0 ? '' : missed('String');
  }
  function date(value?: unknown, ...parts: unknown[]) {
    if (value === null || parts.includes(null)) return failed('Date');
    if (new.target === date && arguments.length === 1) return new dateOf(value);
    return new.target ? Reflect.construct(dateOf, arguments, new.target) : dateOf();
  }
  function pattern(...values: unknown[]) {
    if (values.includes(null)) return failed('RegExp');
    return new.target ? Reflect.construct(patternOf, values, new.target) : patternOf(...values);
  }
  const utc = (...values: unknown[]) => (values.every(known) ? dateOf.UTC(...values) : missed('Date.UTC'));
  const raw = (strings: TemplateStringsArray, ...values: unknown[]) => (values.every(known) ? stringOf.raw(strings, ...values) : missed('String.raw'));
  const globals: Record<string, unknown> = {
    Math: withOwn(math, {}, Object.getOwnPropertyDescriptors({ [Symbol.toStringTag]: 'Math' })),
    Number: withOwn(number, numberOf, {}),
    String: withOwn(string, stringOf, own({ raw })),
    Date: withOwn(date, dateOf, own({ UTC: utc, parse: ofOne('Date.parse', (value) => dateOf.parse(value)) })),
    RegExp: withOwn(pattern, patternOf, {}),
    // Undefined is not a number: JavaScript's answer is right for it.
    isNaN: (value: unknown) => (value === null ? missed('isNaN') : isNaNOf(value)),
    isFinite: (value: unknown) => (value === null ? missed('isFinite') : isFiniteOf(value)),
  };
  for (const name of guardedNames) globals[name] ??= ofOne(name, all[name]);
  return globals;
}

function own(values: object): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, writable: true, configurable: true, enumerable: false }]));
}

/** `made`, with the properties of `original`, and `own` ones. */
function withOwn<T extends object>(made: T, original: object, own: PropertyDescriptorMap): T {
  for (const name of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, name);
    if (!property) continue;
    if (name === 'prototype') Object.defineProperty(made, name, { value: property.value, writable: false });
    else Object.defineProperty(made, name, { ...property, configurable: true });
  }
  return Object.defineProperties(made, own);
}

/** By number of parameters, so that the compiler can inline it. */
function guardedMath(name: string, own: (...values: unknown[]) => unknown, missed: (name: string) => unknown): unknown {
  const full = `Math.${name}`;
  const generic = (...values: unknown[]) => (values.some((value) => value === null || value === undefined) ? missed(full) : own(...values));
  return new Function(
    'own',
    'missed',
    'generic',
    own.length === 1
      ? `'use strict'; return (a) => a == null ? missed(${JSON.stringify(full)}) : own(a)${unnamedSource}`
      : `'use strict'; return function (a, b) { return arguments.length === 2 ? (a == null || b == null ? missed(${JSON.stringify(full)}) : own(a, b)) : generic(...arguments) }${unnamedSource}`,
  )(own, missed, generic) as unknown;
}
