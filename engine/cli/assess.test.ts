import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { formatPipeline } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { Discoveries, looksToRun } from '../preview/discoveries.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Checker } from '../workbench/checker.ts';
import { assess } from './assess.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-assess-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const expressions = Array.from({ length: 20_000 }, (_, i) => ({ name: `c${i}`, expression: `Object.keys(row).length + ${i}`, type: 'integer' }));
/** Its check would take minutes. */
const costly: Pipeline = {
  ...emptyPipeline,
  nodes: {
    rows: { type: 'generator', typeVersion: 1, params: { count: 1 } },
    it: { type: 'compute', typeVersion: 1, params: { columns: expressions } },
  },
  edges: [{ from: { node: 'rows', port: 'rows' }, to: { node: 'it', port: 'rows' } }],
};
const file = join(folder, 'costly.millrace.json');
writeFileSync(file, formatPipeline(costly));

describe('the check of a pipeline by the command line', () => {
  it.each([
    ['takes longer', { limitMs: 1500 }, /at the node "it", took longer than 1.5 s and was stopped/],
    ['needs more memory', { memoryMb: 150 }, /at the node "it", needed more than 150 MB of memory and was stopped/],
  ])('is stopped where it %s than it may, and says at which node', async (_, limits, message) => {
    await expect(assess(file, { look: 'never', ...limits })).rejects.toMatchObject({
      problem: { code: 'check/stopped', node: 'it', message: expect.stringMatching(message) },
    });
  });

  it('is stopped before a run, too', async () => {
    const checker = new Checker(new Catalogue(definitions), codeAnalysis, new Discoveries({ looks: looksToRun }), 1000);
    const check = checker.check(costly, { folder, path: file }, { touch: true, mustKnow: true });
    await expect(check).rejects.toMatchObject({ problem: { code: 'check/stopped', node: 'it' } });
  });
});
