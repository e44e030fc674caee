import { afterAll, describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { emptyPipeline, type Pipeline, type PipelineNode } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { Checks } from './checks.ts';

const document = { id: 'd', folder: '/', path: null };
const node = (type: string, params: object): PipelineNode => ({ type, typeVersion: 1, params: params as never });
const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const rows = node('generator', { count: 1 });
const withNode = (it: PipelineNode): Pipeline => ({
  ...emptyPipeline,
  nodes: { rows, it },
  edges: [{ from: { node: 'rows', port: 'rows' }, to: { node: 'it', port: 'rows' } }],
});
const endless = withNode(
  node('compute', { columns: times(20_000, (i) => ({ name: `c${i}`, expression: `Object.keys(row).length + ${i}`, type: 'integer' })) }),
);

const checks = new Checks(new Catalogue(definitions), { limitMs: 1500 });
afterAll(() => checks.close());

describe('checks of the editor', () => {
  it('that take too long are stopped and told with the node, and the next one is as ever', async () => {
    const sound = withNode(node('filter', { mode: 'expression', where: 'row.sensor === "a"' }));
    expect((await checks.result(sound, document, { touch: false })).nodes['it']!.outputs[0]!.schema).not.toBeNull();
    const stopped = {
      problem: {
        code: 'check/stopped',
        node: 'it',
        message: expect.stringMatching(/at the node "it", (took longer than 1.5 s|needed more than 1024 MB of memory) and was stopped/),
      },
    };
    await expect(checks.result(endless, document, { touch: false })).rejects.toMatchObject(stopped);
    // The process is a new one, and must be sent all of the pipeline.
    expect((await checks.result(sound, document, { touch: false })).nodes['it']!.outputs[0]!.schema).not.toBeNull();
    expect((await checks.plan(sound, document, { touch: true }, { target: 'it' })).plan.nodes.map(({ id }) => id)).toEqual(['rows', 'it']);
  });

  it('tell what is in the way of a run', async () => {
    const wrong = withNode(node('filter', { mode: 'expression', where: 'row.nothing > 1' }));
    await expect(checks.plan(wrong, document, { touch: true }, { target: 'it' })).rejects.toMatchObject({
      problem: { code: 'code/unknown-column', node: 'it' },
    });
  });

  it("give users' code again only where it has changed", async () => {
    const pipeline = withNode(node('filter', { mode: 'expression', where: 'row.sensor === "a"' }));
    const first = await checks.answer(pipeline, document, { since: undefined, touch: false });
    expect(first.code).toMatchObject([{ node: 'it', field: 'where' }]);
    const again = await checks.answer({ ...pipeline, name: 'other' }, document, { since: first.answer.answer, touch: false });
    expect([again.code, again.answer.since, again.answer.nodes]).toEqual([null, first.answer.answer, {}]);
  });
});
