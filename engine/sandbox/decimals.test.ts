import { describe, expect, it, test } from 'vitest';
import { decimalInside } from '../../model/values/decimal-object.ts';
import type { Row } from '../../model/values/types.ts';
import { schema } from '../../test/transform-trial.ts';
import { rowShower } from '../operators/rows/shown-decimals.ts';
import { TypeChecker } from '../preview/typecheck.ts';
import { codeAnalysis } from './analysis.ts';
import { createSandbox } from './sandbox.ts';

const sandbox = createSandbox();
const columns = schema({ price: 'decimal', cost: 'decimal?', quantity: 'integer', name: 'string' });
const row: Row = { price: '9007199254740993.10', cost: '12.50', quantity: 3, name: 'x' };
const show = rowShower(columns)!;
const value = (source: string, given: Row = row): unknown => {
  const found = sandbox.expression(source, { node: 'n', field: 'f' })(show(given));
  return decimalInside(found) ?? found;
};
const told = (source: string) => codeAnalysis.expression(source, columns);

describe('helpers', () => {
  test.each<[string, unknown]>([
    ['decimal.add(row.price, row.cost)', '9007199254741005.60'],
    ['decimal.subtract(row.cost, "0.5")', '12.00'],
    ['decimal.multiply(row.price, row.quantity)', '27021597764222979.30'],
    ['decimal.multiply(row.cost, 1.19)', '14.8750'],
    ['decimal.divide(row.cost, 3, 4)', '4.1667'],
    ['decimal.divide(1, 8, 2)', '0.13'],
    ['decimal.divide(1, 8, 2, "half-even")', '0.12'],
    ['decimal.round(row.cost)', '13'],
    ['decimal.round(row.cost, 0, "half-even")', '12'],
    ['decimal.round(row.cost, 3)', '12.500'],
    ['decimal.abs(decimal.negate(row.cost))', '12.50'],
    ['decimal.min(row.price, row.cost, 13)', '12.50'],
    ['decimal.max(row.price, row.cost)', '9007199254740993.10'],
    ['decimal.compare(row.cost, "12.5")', 0],
    ['decimal.compare(row.cost, 13)', -1],
    ['decimal.equals(row.cost, "12.500")', true],
    ['decimal.equals(null, null)', true],
    ['decimal.equals(row.cost, null)', false],
    ['decimal.toNumber(row.cost)', 12.5],
    ['decimal.of("1e3")', '1000'],
    ['decimal.of(12345678901234567890n)', '12345678901234567890'],
    ['decimal.of("soon")', null],
    ['decimal.add(null, row.cost)', null],
    ['decimal.compare(row.cost, undefined)', null],
    ['`${row.cost}`', '12.50'],
    ['String(row.cost)', '12.50'],
    ['JSON.stringify({ cost: row.cost })', '{"cost":"12.50"}'],
    ['[row.price, row.cost].sort(decimal.compare).join()', '12.50,9007199254740993.10'],
    ['row.cost === null', false],
    ['row.cost ?? 0', '12.50'],
  ])('%s', (source, expected) => {
    expect(told(source).problem).toBeUndefined();
    expect(value(source)).toEqual(expected);
  });
  test.each([
    ['decimal.divide(row.cost, 0, 2)', 'division by zero'],
    ['decimal.divide(row.cost, 3)', 'the number of decimals must be'],
    ['decimal.round(row.cost, 1001)', 'the number of decimals must be'],
    ['decimal.round(row.cost, 2, "down")', 'rounding is "half-up" or "half-even"'],
    ['decimal.add(row.cost, "soon")', '"soon" is not a decimal'],
    ['decimal.add(row.cost, {})', 'a value of type object is not a decimal'],
    ['decimal.multiply("1e600", "1e600")', 'at most 1,000 digits'],
  ])('%s throws', (source, message) => expect(() => value(source)).toThrow(message));
});

/** Each is a problem before anything runs, and throws at run time if nothing checked it, unless stated otherwise. */
const wrong: [string, string, 'throws' | 'runs'][] = [
  ['row.price * row.quantity', 'decimal.multiply(a, b)', 'throws'],
  ['row.price + row.cost', 'decimal.add(a, b)', 'throws'],
  ['row.price - 1', 'decimal.subtract(a, b)', 'throws'],
  ['row.price / 2', 'decimal.divide(a, b, digits)', 'throws'],
  ['row.price % 2', 'helpers of decimal', 'throws'],
  ['"total: " + row.price', 'decimal.add(a, b)', 'throws'],
  ['row.price < row.cost', 'decimal.compare(a, b) < 0', 'throws'],
  ['row.cost >= 12', 'decimal.compare(a, b) >= 0', 'throws'],
  ['row.price === row.cost', 'decimal.equals(a, b)', 'runs'],
  ['row.cost !== row.price', 'decimal.equals(a, b)', 'runs'],
  ['row.price == 1', 'decimal.equals(a, b)', 'throws'],
  ['(row.price ?? 0) * 2', 'decimal.multiply(a, b)', 'throws'],
  ['(row.quantity > 1 ? row.price : row.quantity) * 2', 'decimal.multiply(a, b)', 'throws'],
  ['-row.price', 'decimal.negate', 'throws'],
  ['+row.price', 'decimal.toNumber', 'throws'],
  ['typeof row.price === "number"', 'decimal.toNumber', 'runs'],
  ['Math.round(row.price)', 'decimal.round', 'throws'],
  ['Math.max(row.price, 2)', 'decimal.max', 'throws'],
  ['Number(row.price)', 'decimal.toNumber', 'throws'],
  ['Number.isFinite(row.price)', 'decimal.toNumber', 'runs'],
  ['isNaN(row.price)', 'decimal.toNumber', 'throws'],
  ['round(row.price, 2)', 'decimal.round', 'throws'],
  ['time.iso(row.price)', 'decimal.toNumber', 'runs'],
  ['row.price.toFixed(2)', 'decimal.round(…, digits)', 'throws'],
  ['row.price.length', 'decimal.round', 'runs'],
  ['[row.price, row.cost].sort()', 'sort(decimal.compare)', 'runs'],
  ['[row.price].includes(row.cost)', 'decimal.equals(a, b)', 'runs'],
  ['new Set([row.price, row.cost]).size', 'decimal.equals(a, b)', 'runs'],
  ['new Map([["a", 1]]).get(row.price)', 'decimal.equals(a, b)', 'runs'],
  ['({ "12.50": 1 })[row.cost]', 'decimal.equals(a, b)', 'runs'],
  ['(() => { let sum = 0; sum += row.price; return sum; })()', 'decimal.add(a, b)', 'throws'],
  ['(() => { let sum = row.price; sum++; return sum; })()', 'decimal.add(…, 1)', 'throws'],
  ['(() => { switch (row.price) { case row.cost: return 1; default: return 2; } })()', 'decimal.equals(a, b)', 'runs'],
  ['[row].map(({ price, quantity }) => price * quantity)[0]', 'decimal.multiply(a, b)', 'throws'],
  ['[row.price, row.cost].reduce((a, b) => a + b)', 'decimal.add(a, b)', 'throws'],
];
test.each(wrong)('%s is a problem', (source, hint, atRunTime) => {
  expect(told(source).problem).toMatchObject({
    code: 'code/decimal',
    message: expect.stringContaining('does not work on decimals'),
    hint: expect.stringContaining(hint),
  });
  if (atRunTime === 'throws') expect(() => value(source)).toThrow();
});

it('throws where the analysis cannot follow', () => {
  const hidden = ['Object.values(row).map((each) => each * 2)', 'JSON.parse("[1]").map((each) => row[["price", "x"][each - 1]] < 5)'];
  for (const source of hidden) {
    expect(told(source).problem).toBeUndefined();
    expect(() => value(source)).toThrow('A decimal cannot be used with this operator');
  }
});

it('is an object that nobody can make or change', () => {
  expect(value('Object.isFrozen(row.price) && Object.isFrozen(Object.getPrototypeOf(row.price))')).toBe(true);
  expect(value('row.price["constr" + "uctor"] === Object')).toBe(true);
  expect(() => value('`${Object.create(Object.getPrototypeOf(row.price))}`')).toThrow();
  expect(decimalInside(new Proxy(show(row)['price'] as object, {}))).toBeNull();
});

it('has a type that is told from the code', () => {
  const types: [string, string, boolean][] = [
    ['row.price', 'decimal', false],
    ['decimal.multiply(row.price, row.quantity)', 'decimal', false],
    ['decimal.multiply(row.price, row.cost)', 'decimal', true],
    ['decimal.of(row.name)', 'decimal', true],
    ['decimal.of(1.5)', 'decimal', false],
    ['row.cost ?? 0', 'decimal', false],
    ['decimal.compare(row.price, 1)', 'integer', false],
    ['decimal.toNumber(row.cost)', 'number', true],
    ['`${row.price}`', 'string', false],
  ];
  for (const [source, type, nullable] of types) expect(told(source)).toMatchObject({ type, nullable, problem: undefined });
});

describe('TypeScript', () => {
  let checker: TypeChecker;
  const messages = async (source: string) => {
    checker ??= await TypeChecker.load();
    return checker.check([{ node: 'n', field: 'f', kind: 'expression', source, input: columns }]).map(({ message }) => message);
  };
  test.each([
    'row.price * row.quantity',
    'row.price + row.cost',
    'row.price < 2',
    'row.price < row.cost',
    'row.price === row.cost',
    '[row].filter((each) => each.price !== row.price)',
    'new Map([[1, row.price]]).get(1) === row.price',
    'row.price.toFixed(2)',
    'Math.round(row.price)',
    'round(row.price)',
    'time.iso(row.price)',
  ])('refuses %s', async (source) => expect(await messages(source)).not.toEqual([]));
  test.each([
    'decimal.multiply(row.price, row.quantity)',
    'decimal.compare(row.price, 1.5) < 0',
    '[row.price].toSorted(decimal.compare)',
    '`${row.price}`',
    'row.cost === null',
  ])('takes %s', async (source) => expect(await messages(source)).toEqual([]));
});
