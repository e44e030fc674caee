/** JSON Lines of random values, numbers and faults: each value is what Python's json makes of it, and both refuse the same lines. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { parseTimestamp } from '../../model/time/timestamp.ts';
import type { ColumnType, Value } from '../../model/values/types.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';
import { askPython, drawn, expectNone } from './python.ts';

/** As readers.py gives them: numbers by their text, objects by their entries. */
type Told = null | boolean | string | readonly Told[] | { readonly number: string } | { readonly object: readonly (readonly [string, Told])[] };
interface Answer {
  readonly records: readonly { readonly object: readonly (readonly [string, Told])[] }[];
  readonly errors: readonly number[];
  readonly inexact: readonly number[];
}

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 }).map((text) => text.replace(/^0+(?=\d)/, ''));
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.constantFrom('', '-'), digits, fc.constantFrom('', '.5', '.50', '.1234567890123456789', '.0'), fc.constantFrom('', 'e3', 'E-7', 'e+20'))
    .map((parts) => parts.join('')),
  fc.constantFrom('-0', '0', '9007199254740992', '9007199254740993', '-9007199254740993', '1e400', '5e-324', '1E-400'),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((each) => JSON.stringify(each)),
  fc
    .string({ unit: fc.constantFrom('a', 'é', '🦉', '\\u00e9', '\\ud83e\\udd89', '\\n', '\\"', '\\\\', '\\/', '\u2028'), maxLength: 6 })
    .map((each) => `"${each}"`),
  fc.constantFrom('"2026-01-31"', '"2026-01-31T12:00:00Z"', '"2026-01-31T12:00:00.123456Z"', '"007"', '""', '"true"'),
);
const space = fc.constantFrom('', '', '', ' ', '\t', '  ');
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    number,
    text,
    fc.constantFrom('true', 'false', 'null'),
    fc.tuple(space, fc.array(tie('value'), { maxLength: 3 })).map(([gap, items]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
    fc
      .tuple(space, fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }))
      .map(([gap, items]) => `{${gap}${items.map((item) => item.join(`${gap}:${gap}`)).join(',')}${gap}}`),
  ),
}));
/** Of one kind for each column, so that columns have types. */
const kinds = [number, fc.integer({ min: -1000, max: 1000 }).map(String), text, value, fc.constantFrom('true', 'false')];
const lines = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 }).chain((columns) =>
  fc.array(
    fc.tuple(space, ...columns.map((kind) => fc.option(fc.oneof({ weight: 30, arbitrary: kind }, value), { freq: 5 }))).map(([gap, ...cells]) => {
      const pairs = cells.flatMap((cell, i) => (cell === null ? [] : [`"c${i}"${gap}:${gap}${cell}`]));
      return `${gap}{${pairs.join(`${gap},`)}${gap}}${gap}`;
    }),
    { minLength: 1, maxLength: 6 },
  ),
);
/** A line that lost a character, or got one. */
const broken = fc.tuple(lines, fc.nat(), fc.nat(), fc.constantFrom('', '"', ',', '}', '\\', '0', '\u0001', 'NaN')).map(([each, which, where, what]) => {
  const index = which % each.length;
  const at = where % (each[index]!.length + 1);
  return each.map((line, i) => (i === index ? (line.slice(0, at) + what + line.slice(at + (what === '' ? 1 : 0))).toWellFormed() : line));
});

export async function expectJsonAsInPython(count: number): Promise<void> {
  const { seed, cases } = drawn(fc.oneof({ weight: 3, arbitrary: lines }, broken), count);
  const answers = askPython<Answer>(
    'json_records',
    cases.map((each) => ({ text: each.join('\n') })),
  );
  const place = mkdtempSync(join(tmpdir(), 'millrace-json-'));
  const differences: string[] = [];
  for (const [i, each] of cases.entries()) {
    writeFileSync(join(place, 'x.jsonl'), `${each.join('\n')}\n`);
    const { schema, rows, failures, places } = await readSource(jsonlFile, place, { path: 'x.jsonl', layout: 'lines' });
    const { records, errors, inexact } = answers[i]!;
    // A number within a value that would be rounded is a failure: docs/types.md.
    const refused = failures.flatMap(({ position, message }) => (message.includes('rounded') && inexact.includes(position!.line!) ? [] : [position!.line!]));
    const report = (what: string) =>
      differences.push(
        `${what}\n  ${each.map((line) => JSON.stringify(line)).join('\n  ')}\n  read ${JSON.stringify(rows)} ${JSON.stringify(failures.map(({ message }) => message))}\n  not  ${JSON.stringify(answers[i])}`,
      );
    if (schema === null) {
      if (records.some(({ object }) => object.length > 0)) report('No columns');
      continue;
    }
    if (refused.join() !== errors.join()) report(`Lines ${refused} are refused, not ${errors}`);
    const good = new Map([...places.map((at) => Number(at.split(':')[1])).entries()].map(([index, line]) => [line, rows[index]!]));
    let next = 0;
    for (let line = 1; line <= each.length; line++) {
      if (each[line - 1]!.trim() === '' || errors.includes(line)) continue;
      const told = new Map(records[next++]!.object);
      const row = good.get(line);
      for (const column of row ? schema.columns : []) {
        const cell = told.get(column.name) ?? null;
        if (!isSame(row![column.name]!, column.type, cell))
          report(`Line ${line}, ${column.name} ${column.type}: ${JSON.stringify(row![column.name])} is not ${JSON.stringify(cell)}`);
      }
    }
  }
  rmSync(place, { recursive: true });
  expectNone(differences, seed);
}

function isSame(value: Value, type: ColumnType, told: Told): boolean {
  if (told === null) return value === null;
  switch (type) {
    case 'string':
      // A number has its digits, anything else is JSON.
      if (typeof told === 'string') return value === told;
      return typeof told === 'object' && 'number' in told ? value === told.number : sameJson(JSON.parse(value as string), told);
    case 'timestamp':
      return typeof told === 'string' && parseTimestamp(told) === value;
    case 'integer':
    case 'number':
      return typeof told === 'object' && 'number' in told && Number(told.number) === value;
    case 'decimal':
      return typeof told === 'object' && 'number' in told && isSameDecimal(value as string, told.number);
    default:
      return sameJson(value, told);
  }
}

function isSameDecimal(one: string, other: string): boolean {
  const [a, b] = [scaled(one), scaled(other)];
  const power = Math.min(a.power, b.power);
  return a.units * 10n ** BigInt(a.power - power) === b.units * 10n ** BigInt(b.power - power);
}
/** A number in JSON is `units` times ten to the `power`. */
function scaled(text: string): { readonly units: bigint; readonly power: number } {
  const [, sign, whole, part = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)!;
  const units = BigInt(whole + part);
  return { units: sign === '-' ? -units : units, power: Number(power) - part.length };
}

function sameJson(value: unknown, told: Told): boolean {
  if (told === null || typeof told !== 'object') return value === told;
  if (Array.isArray(told)) return Array.isArray(value) && value.length === told.length && told.every((each, i) => sameJson(value[i], each));
  if ('number' in told) return Number(told.number) === value;
  const { object } = told as { readonly object: readonly (readonly [string, Told])[] };
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== object.length) return false;
  return object.every(([key, each]) => Object.hasOwn(value, key) && sameJson((value as { readonly [key: string]: unknown })[key], each));
}
