import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import parse from './parse.ts';

const columns = schema({ id: 'integer', text: 'string?' });
const parseOf = (format: object, ...texts: (string | null)[]) =>
  tryTransform(parse, { columns: [{ column: 'text', ...format }] } as never, {
    inputs: { rows: { schema: columns, rows: texts.map((text, id) => ({ id, text })) } },
  });
const values = (format: object, ...texts: (string | null)[]) => {
  const { outputs, failures } = parseOf(format, ...texts);
  return [outputs['rows']!.map(({ text }) => text), failures.map(({ message }) => message)];
};
const iso = (text: string) => Date.parse(text);

it('never rounds a whole number, nor takes a fraction for one', () => {
  expect(values({ type: 'integer' }, '9.007.199.254.740.991', '9.007.199.254.740.992', '1,5', '2,00')).toEqual([
    [9007199254740991, 2],
    [expect.stringContaining('beyond 2^53'), expect.stringContaining('"1.5" is not a whole number')],
  ]);
});

it('reads dates in their form and offset, whole numbers too, and refuses what no timestamp holds', () => {
  expect(values({ as: 'time', pattern: 'd.M.yy HH:mm', zone: '+02:00' }, '1.2.26 01:30', ' 31.12.69 00:00 ')).toEqual([
    [iso('2026-01-31T23:30:00Z'), iso('1969-12-30T22:00:00Z')],
    [],
  ]);
  const micro = { as: 'time', pattern: 'yyyy-MM-dd HH:mm:ss.SSSSSS' };
  const texts = ['2026-01-31 12:00:00.123456', '2026-01-31 12:00:00.123000'];
  expect(values(micro, ...texts)).toEqual([[iso('2026-01-31T12:00:00.123Z')], [expect.stringContaining('finer than a millisecond')]]);
  expect(values({ ...micro, finer: 'cut' }, ...texts)[0]).toEqual([iso('2026-01-31T12:00:00.123Z'), iso('2026-01-31T12:00:00.123Z')]);
  const whole = tryTransform(
    parse,
    { columns: [{ column: 'id', as: 'time', pattern: 'yyyyMMdd', name: 'day' }] },
    { inputs: { rows: { schema: columns, rows: [{ id: 20260131, text: 'x' }] } } },
  );
  expect(whole.outputs['rows']).toEqual([{ id: 20260131, text: 'x', day: iso('2026-01-31') }]);
  expect(whole.schemas['rows']).toEqual(schema({ id: 'integer', text: 'string?', day: 'timestamp' }));
});

it('reads lists of words as yes and no', () => {
  expect(values({ as: 'boolean', yes: 'oui, o', no: 'non' }, 'OUI', ' o ', 'Non', 'no', '')).toEqual([
    [true, true, false, null],
    [expect.stringContaining('"no" is neither yes')],
  ]);
});

it('makes null of what does not fit, and of marks, where that is wanted', () => {
  const params = { columns: [{ column: 'text' }], marks: 'n/a, -', unfit: 'null' };
  const { outputs, failures } = tryTransform(parse, params, {
    inputs: { rows: { schema: columns, rows: ['n/a', ' - ', 'x', '-1'].map((text, id) => ({ id, text })) } },
  });
  expect([outputs['rows']!.map(({ text }) => text), failures]).toEqual([[null, null, null, -1], []]);
});

it.each([
  [{ thousands: 'comma' }, 'columns.0.thousands', 'both a comma'],
  [{ as: 'time', pattern: 'dd.MM' }, 'columns.0.pattern', 'no year'],
  [{ as: 'time', zone: 'Moon' }, 'columns.0.zone', 'not a time zone'],
  [{ as: 'boolean', no: 'Yes' }, 'columns.0.no', '"yes" is both'],
  [{ name: 'id' }, 'columns.0.name', 'Two columns would be called "id"'],
])('tells what is wrong with %j', (format, field, message) => {
  expect(parseOf(format).problems).toMatchObject([{ severity: 'error', field, message: expect.stringContaining(message) as string }]);
});
