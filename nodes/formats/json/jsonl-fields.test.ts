import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ColumnType, columnTypes, type Row, type Schema } from '../../../model/values/types.ts';
import { JsonlParser } from './jsonl-parser.ts';

const file = { path: '/x', name: 'x', size: 0 };

/** Rows and failures of a text, with the line of each. */
function parse(text: string, schema: Schema): unknown[] {
  const found: unknown[] = [];
  const parser = new JsonlParser(schema, { extra: 'error', maxRecordBytes: 1024 * 1024, cast: new Set() }, null, {
    fail: ({ code, message, position }) => found.push([position?.line, code, message]),
    log() {},
  });
  parser.begin(file);
  const bytes = Buffer.from(text);
  const window = { file, bytes, at: 0, line: 1, last: true, translated: false };
  while (window.at < bytes.length) {
    const batch = { rows: [] as Row[], lines: [] as number[], size: 3 };
    parser.parse(window, batch);
    found.push(...batch.rows.map((row, i) => [batch.lines[i], row]));
  }
  return found.sort((a, b) => (a as [number])[0] - (b as [number])[0]);
}

const texts: Record<ColumnType, fc.Arbitrary<string>> = {
  string: fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u0041"', '"\\ud800"', '"a\\nb"', '"\\x"', '"tab\tin it"', '"a very long text, and one that is said more than once"'),
  ),
  integer: fc.oneof(
    fc.integer().map(String),
    fc.constantFrom('-0', '0', '01', '1.0', '1e3', '999999999999999', '9999999999999999', '12345678901234567890', '-'),
  ),
  number: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
    fc.constantFrom('-0', '1.', '.5', '00.5', '1e400', '-0.10', '0.1234567890123456789', '5e-324'),
  ),
  decimal: fc.oneof(
    fc.bigInt().map(String),
    fc.constantFrom('0.10', '-0', '1.', '00.5', '1e400', '1.50E2', '1e5000', '-0.1234567890123456789', '1/2', '"1"', 'null'),
  ),
  boolean: fc.constantFrom('true', 'false', 'tru', 'True', '1'),
  timestamp: fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date)),
    fc.constantFrom(
      '"2026-01-31"',
      '"2026-01-31T12:00:00"',
      '"2026-02-30T12:00:00Z"',
      '"2026-01-31T12:00:00+01:00"',
      '"2026-01-31T24:00:00Z"',
      '1769860800000',
      '"x"',
    ),
  ),
  date: fc.constantFrom('"2026-01-31"', '"2026-02-30"', '"2026-01-31T12:00:00Z"', '"2026-1-31"', '20260131', '""'),
  json: fc.json(),
  bytes: fc.constantFrom('"AQID"', '"?"'),
};
const schemas = fc
  .uniqueArray(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('a', '__proto__', 'ä"\\', 'toString')), fc.constantFrom(...columnTypes.slice(0, 7))), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  })
  .map((columns): Schema => ({ columns: columns.map(([name, type]) => ({ name, type, nullable: true })) }));
const line = ({ columns }: Schema) =>
  fc
    .tuple(
      fc.tuple(
        ...columns.map(({ name, type }) =>
          fc.tuple(fc.constant(JSON.stringify(name)), fc.oneof({ weight: 6, arbitrary: texts[type] }, fc.constantFrom('null', 'nul', '{}'))),
        ),
      ),
      fc.constantFrom('', '', '', '', ' ', 'reversed', 'doubled', 'cut', 'more', '\r'),
    )
    .map(([entries, change]) => {
      const pairs = entries.map(([name, text]) => `${name}:${text}`);
      if (change === 'reversed') pairs.reverse();
      if (change === 'doubled') pairs.push(pairs[0]!);
      if (change === 'cut') pairs.pop();
      if (change === 'more') pairs.push('"more":1');
      const text = `{${pairs.join(change === ' ' ? ', ' : ',')}}`;
      return change === '\r' ? `${text}\r` : text;
    });

test('what is read the fast way is what JSON.parse finds', () => {
  const cases = schemas.chain((schema) => fc.tuple(fc.constant(schema), fc.array(line(schema), { minLength: 1, maxLength: 8 })));
  fc.assert(
    fc.property(cases, ([schema, lines]) => {
      // A space at the end leaves the line to the slow path.
      const slowly = lines.map((each) => `${each} \n`).join('');
      expect(parse(lines.map((each) => `${each}\n`).join(''), schema)).toEqual(parse(slowly, schema));
    }),
    { numRuns: 500 },
  );
});

test('a file of another shape is read all the same', () => {
  const schema: Schema = {
    columns: [
      { name: 'a', type: 'integer', nullable: true },
      { name: 'b', type: 'integer', nullable: true },
    ],
  };
  const found = parse('{"b":2,"a":1}\n'.repeat(300), schema);
  expect(found).toHaveLength(300);
  expect(found.at(-1)).toEqual([300, { a: 1, b: 2 }]);
});
