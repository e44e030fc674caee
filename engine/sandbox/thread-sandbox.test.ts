import { runsCode } from '@millrace/kit/op-traits';
import type { CodeRef, Op } from '@millrace/kit/ops';
import { expect, test } from 'vitest';
import { threadSandbox } from './thread-sandbox.ts';

const code: CodeRef = { language: 'typescript', source: 'row.a > 1', field: 'where' };
const where = { node: 'n', field: 'where' };
const isLockedDown = () => Object.isFrozen(Object.prototype) && Object.isFrozen(Array.prototype);

test('a thread is locked down before it can compile anything, and only where there is code', async () => {
  const without = await threadSandbox([{ kind: 'source' }, { kind: 'transform', op: { op: 'flatten' } }, { kind: 'sink' }]);
  expect(isLockedDown()).toBe(false);
  for (const compile of [without.expression, without.snippet, without.keyed]) expect(() => compile('1', where)).toThrow('not locked down');
  expect(without.explain(new TypeError('No such thing'))).toMatchObject({ code: 'code/threw', message: 'No such thing.' });
  const sandbox = await threadSandbox([{ kind: 'transform', op: { op: 'filter', test: code, isRule: false } }]);
  expect(isLockedDown()).toBe(true);
  expect(sandbox.expression(code.source, where)({ a: 2 })).toBe(true);
});

test('an operation runs code wherever it holds some', () => {
  const holding: Op[] = [
    { op: 'filter', test: code, isRule: false },
    { op: 'compute', columns: [{ name: 'a', expression: code }] },
    { op: 'flatMap', code },
    { op: 'stateful', keys: [], ttl: null, code, hasTimers: false },
    { op: 'replace', columns: ['a'], by: { kind: 'pattern', pattern: { pattern: 'a+', field: 'pattern' }, replacement: '' }, ignoreCase: false },
  ];
  expect(holding.map(runsCode)).toEqual(holding.map(() => true));
  const others: Op[] = [
    { op: 'flatten' },
    { op: 'take', count: 1, offset: 0 },
    { op: 'compute', columns: [] },
    { op: 'order', by: [{ column: 'a', direction: 'asc' }] },
  ];
  expect(others.map(runsCode)).toEqual(others.map(() => false));
});
