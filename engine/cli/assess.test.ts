import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatPipeline } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { assess } from './assess.ts';
import { load } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-assess-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A check of all of them would take minutes. */
const expressions = Array.from({ length: 20_000 }, (_, i) => ({ name: `c${i}`, expression: `Object.keys(row).length + ${i}`, type: 'integer' }));
const file = join(folder, 'costly.millrace.json');
writeFileSync(file, formatPipeline(withExpressions(expressions)));

describe('the check of a pipeline by the command line', () => {
  it.each([
    ['takes longer', { limitMs: 1500 }, /at the node "it", took longer than 1.5 s and was stopped/],
    ['needs more memory', { memoryMb: 150 }, /at the node "it", needed more than 150 MB of memory and was stopped/],
  ])('is stopped where it %s than it may, and says at which node', async (_, limits, message) => {
    await expect(assess(file, { look: 'never', ...limits })).rejects.toMatchObject({
      problem: { code: 'check/stopped', node: 'it', message: expect.stringMatching(message) },
    });
  });

  it.each([
    ['takes longer', { limitMs: 1500 }, /at the node "it", took longer than 1.5 s and was stopped/],
    ['needs more memory', { memoryMb: 150 }, /at the node "it", needed more than 150 MB of memory and was stopped/],
  ])('is stopped before a run, too, where it %s', async (_, limits, message) => {
    await expect(load(file, {}, limits)).rejects.toMatchObject({ problem: { code: 'check/stopped', node: 'it', message: expect.stringMatching(message) } });
  });

  it('takes as long as it needs before a run, within its limits', async () => {
    const slow = join(folder, 'slow.millrace.json');
    writeFileSync(slow, formatPipeline(withExpressions(expressions.slice(0, 1500))));
    const { result, plan } = await load(slow);
    expect(result.problems.map(({ severity }) => severity)).toEqual(['warning']);
    await expect(plan()).rejects.toMatchObject({ problem: { code: 'pipeline/no-sink' } });
  });
});

function withExpressions(columns: readonly object[]): Pipeline {
  return {
    ...emptyPipeline,
    nodes: {
      rows: { type: 'generator', typeVersion: 1, params: { count: 1 } },
      it: { type: 'compute', typeVersion: 1, params: { columns: columns as never } },
    },
    edges: [{ from: { node: 'rows', port: 'rows' }, to: { node: 'it', port: 'rows' } }],
  };
}
