/** The functions that guard places against null, and their errors where null is not allowed. */

import { textMethods } from '../../model/code/null-coercion.ts';
import { insteadOfNull, insteadOfNullTarget } from '../../model/code/null-fix.ts';
import type { CodeFix } from '../../model/problems/problem.ts';
import type { NullSite } from './null-guards.ts';
import { unnamedSource } from './places.ts';

/** The error of users' code at a guarded place, and what to do about it. */
export interface GuardFault {
  readonly code: 'code/null' | 'code/not-a-number';
  readonly hint: string;
  readonly fix?: CodeFix;
}
/** Errors that guards have thrown. */
const faults = new WeakMap<object, GuardFault>();

export function guardFault(thrown: unknown): GuardFault | undefined {
  return typeof thrown === 'object' && thrown !== null ? faults.get(thrown) : undefined;
}

const calculating = new Set(['-', '*', '/', '%', '**']);

/** A name that no object has as a member. */
const noKey = Symbol('null');

/**
 * A function for each place, in order. With `failing`, they throw on null; otherwise they return null, except where a name or a number is
 * required. They are made together when users' code is compiled, whose `source` is as the users wrote it.
 */
export function guardsOf(sites: readonly NullSite[], failing: boolean, source: string): readonly unknown[] {
  const fails = sites.map(
    (site) =>
      (...values: unknown[]) =>
        fail(site, values, source),
  );
  const made = sites.map((site, i) => guardSource(site, `fails[${i}]`, `noNumber[${i}]`, failing));
  const make = new Function('fails', 'noKey', 'coerces', 'noNumber', `'use strict'; return [${made.join(',\n')}];${unnamedSource}`);
  return make(
    fails,
    noKey,
    coerces,
    sites.map(
      (site) =>
        (result: unknown, ...values: unknown[]) =>
          noNumber(site, result, values),
    ),
  ) as unknown[];
}

/** Only names of operators and methods get into the source, and fixed parts of templates as literals. */
function guardSource({ guard, operator, operands, quasis = [] }: NullSite, fails: string, noNumber: string, failing: boolean): string {
  const names = operands.map((_, i) => `v${i}`);
  const test = (is: string) =>
    operands
      .map(({ checked }, i) => (checked ? `v${i} ${is} null` : ''))
      .filter((each) => each !== '')
      .join(' || ') || 'false';
  const given = names.join(', ');
  const missed = failing ? `${fails}(${given})` : 'null';
  // Only NaN differs from itself.
  const sound = (result: string, instead: string) =>
    `{ if (${test('==')}) return ${instead}; const r = ${result}; return r === r ? r : ${noNumber}(r, ${given}); }`;
  switch (guard) {
    case 'binary':
      if (calculating.has(operator)) return `(v0, v1) => ${sound(`v0 ${operator} v1`, missed)}`;
      return `(v0, v1) => ${test('==')} ? ${missed} : v0 ${operator} v1`;
    case 'unary':
      if (operator === '-') return `(v0) => ${sound('-v0', missed)}`;
      return `(v0) => v0 == null ? ${missed} : ${operator} v0`;
    case 'not':
      return '(v0) => v0 == null ? null : !v0';
    case 'either':
      return '(left, right) => left === null && !right ? null : right';
    case 'second':
      return '(_, value) => value';
    case 'template':
      return `(_, ${given}) => ${test('==')} ? ${missed} : ${quasis.map((text, i) => `${i > 0 ? `\`\${v${i - 1}}\` + ` : ''}${JSON.stringify(text)}`).join(' + ')}`;
    case 'method':
      return `(self, ${given}) => (${test('===')}) && coerces(self, ${JSON.stringify(operator)}) ? ${missed} : self.${operator}(${given})`;
    case 'formula':
      return `(${given}) => ${sound(operator, 'null')}`;
    case 'math':
      return `(${given}) => ${sound(`Math.${operator}(${given})`, missed)}`;
    case 'key':
      return `(v0) => v0 == null ? ${failing ? missed : 'noKey'} : v0`;
    case 'value':
    case 'name':
      return `(v0) => v0 == null ? ${fails}(v0) : v0`;
  }
}

/** Whether a method makes a number or a text of null: lists handle null themselves, and other objects may do anything. */
function coerces(self: unknown, name: string): boolean {
  if (typeof self === 'string' || typeof self === 'number' || self instanceof RegExp) return true;
  return textMethods[name] === 'both' && Array.isArray(self);
}

/** The maximum length of users' own code in a message. */
const longest = 60;

function fail({ operands, text, operator }: NullSite, values: readonly unknown[], source: string): never {
  const found = Math.max(
    0,
    values.findIndex((value, i) => operands[i]?.checked !== false && (value === null || value === undefined)),
  );
  const value = values[found] === undefined ? 'undefined' : 'null';
  const part = operands[found];
  const operand = part?.text ?? '';
  const place = text === '' ? `with \`${operator}\`` : `in \`${short(text)}\``;
  const what = operand === '' || operand === text ? `A value is ${value} ${place}` : `\`${short(operand)}\` is ${value} ${place}`;
  const isText = wantsText(operator, found) ?? values.some((each) => typeof each === 'string');
  const instead = isText ? '""' : '0';
  const plain = /^[\w$.[\]"']+$/.test(operand) && operand.length <= longest ? operand : 'value';
  const fix = () => {
    if (operand === '' || !part || part.added === null) return undefined;
    return part.added ? insteadOfNullTarget(source, part, operator, part.added, instead) : insteadOfNull(source, part, instead);
  };
  throw guardError('code/null', what, `Give a default, as in \`${plain} ?? ${instead}\`, or test it first: \`${plain} === null\`.`, fix());
}

/** NaN is kept if it results from numbers, as in 0 / 0. Anything that is not a number fails: NaN would be null in the row. */
function noNumber({ operands, text }: NullSite, result: unknown, values: readonly unknown[]): unknown {
  const found = values.findIndex(
    (value) => (typeof value === 'object' && !(value instanceof Date)) || (typeof value === 'string' && Number.isNaN(Number(value))),
  );
  if (found < 0) return result;
  const operand = operands[found]?.text ?? '';
  const what = typeof values[found] === 'string' ? JSON.stringify(short(values[found])) : 'no number';
  throw guardError(
    'code/not-a-number',
    `${operand === '' || operand === text ? 'A value' : `\`${short(operand)}\``} is ${what} in \`${short(text)}\`, which needs numbers`,
    'Read the number from it first, as with `text.number(…)`, or filter such rows out.',
  );
}

/** Methods of texts that take numbers; those that pad take a text after it. */
const takeNumbers = new Set('substring substr charAt charCodeAt codePointAt repeat toFixed toPrecision toExponential slice at padStart padEnd'.split(' '));

/** Whether a template, a name or a method expects a text for the operand `index`; undefined if the other operand decides. */
function wantsText(operator: string, index: number): boolean | undefined {
  if (operator === '`' || operator === '[]') return true;
  if (!Object.hasOwn(textMethods, operator)) return undefined;
  return !takeNumbers.has(operator) || (operator.startsWith('pad') && index === 1);
}

/** For one of JavaScript's own functions that was called with null. */
export function failCall(name: string): never {
  const what = /^[A-Z]\w*$/.test(name) && name !== 'Number' && name !== 'String' ? `\`new ${name}\`` : `\`${name}\``;
  throw guardError('code/null', `${what} was given null`, 'Give a default, as in `value ?? 0`, or test it first: `value === null`.');
}

function guardError(code: GuardFault['code'], message: string, hint: string, fix?: CodeFix): TypeError {
  const error = new TypeError(message);
  faults.set(error, { code, hint, ...(fix && { fix }) });
  return error;
}

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
