/** JavaScript's own objects as users' code gets them. */
import { guardedNames } from '../schema/null-coercion.ts';

type Global = { readonly [name: string]: unknown };

/**
 * These objects as they are in `all`, but for functions that take null for another value: such a call is answered by `missed`, with the
 * name of the function, which gives null or throws. What makes an object cannot give null, so `failed` throws there.
 */
export function guardedGlobals(all: { readonly [name: string]: any }, missed: (name: string) => unknown, failed: (name: string) => never): Global {
  const { Math, Number, String, Date, RegExp } = all;
  const known = (value: unknown) => value !== null && value !== undefined;
  const ofOne = (name: string, own: (value: unknown) => unknown) => (value: unknown, more?: unknown) =>
    known(value) ? (own as (value: unknown, more?: unknown) => unknown)(value, more) : missed(name);

  const math: Record<string, unknown> = {};
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Math))) {
    math[name] = typeof value !== 'function' || name === 'random' ? value : guardedMath(name, value as (...values: unknown[]) => unknown, missed);
  }
  function number(this: unknown, ...values: unknown[]) {
    if (new.target) return Reflect.construct(Number, values);
    return values.length === 0 ? 0 : known(values[0]) ? Number(values[0]) : missed('Number');
  }
  function string(this: unknown, ...values: unknown[]) {
    if (new.target) return Reflect.construct(String, values);
    return values.length === 0 ? '' : known(values[0]) ? String(values[0]) : missed('String');
  }
  function date(this: unknown, ...values: unknown[]) {
    if (values.includes(null)) return failed('Date');
    return Reflect.construct(Date, values);
  }
  function pattern(this: unknown, ...values: unknown[]) {
    if (values.includes(null)) return failed('RegExp');
    return Reflect.construct(RegExp, values);
  }
  const utc = (...values: unknown[]) => (values.every(known) ? Date.UTC(...(values as [number])) : missed('Date.UTC'));
  const raw = (strings: TemplateStringsArray, ...values: unknown[]) => (values.every(known) ? String.raw(strings, ...values) : missed('String.raw'));
  const globals: Record<string, unknown> = {
    Math: withOwn(math, {}, Object.getOwnPropertyDescriptors({ [Symbol.toStringTag]: 'Math' })),
    Number: withOwn(number, Number, {}),
    String: withOwn(string, String, own({ raw })),
    Date: withOwn(date, Date, own({ UTC: utc, parse: ofOne('Date.parse', (value) => Date.parse(String(value))) })),
    RegExp: withOwn(pattern, RegExp, {}),
    // What is undefined is no number: of that JavaScript says the truth.
    isNaN: (value: unknown) => (value === null ? missed('isNaN') : all['isNaN'](value)),
    isFinite: (value: unknown) => (value === null ? missed('isFinite') : all['isFinite'](value)),
  };
  for (const name of guardedNames) globals[name] ??= ofOne(name, all[name]);
  return globals;
}

function own(values: object): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, writable: true, configurable: true, enumerable: false }]));
}

/** `made`, with the properties that `original` has, and with `own` ones. */
function withOwn<T extends object>(made: T, original: object, own: PropertyDescriptorMap): T {
  for (const name of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, name)!;
    if (name === 'prototype') Object.defineProperty(made, name, { value: property.value, writable: false });
    else Object.defineProperty(made, name, { ...property, configurable: true });
  }
  return Object.defineProperties(made, own);
}

/** By number of parameters, so that the compiler can put it inline. */
function guardedMath(name: string, own: (...values: unknown[]) => unknown, missed: (name: string) => unknown): unknown {
  const full = `Math.${name}`;
  const generic = (...values: unknown[]) => (values.some((value) => value === null || value === undefined) ? missed(full) : own(...values));
  return new Function(
    'own',
    'missed',
    'generic',
    own.length === 1
      ? `return (a) => a == null ? missed(${JSON.stringify(full)}) : own(a)`
      : `return function (a, b) { return arguments.length === 2 ? (a == null || b == null ? missed(${JSON.stringify(full)}) : own(a, b)) : generic(...arguments) }`,
  )(own, missed, generic) as unknown;
}
