import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPipeline, type Pipeline } from './pipeline.ts';
import { PipelineReceiver, PipelineSender } from './transfer.ts';

const base: Pipeline = { ...emptyPipeline, name: 'one', nodes: { a: { type: 't', typeVersion: 1, params: {} } } };
const copy = <T>(value: T): T => structuredClone(value);
const meaning = ({ name, parameters, nodes, edges }: Pipeline) => ({ name, parameters, nodes, edges });

/** Edits, which keep the identity of what they leave alone. */
const edit: fc.Arbitrary<(pipeline: Pipeline) => Pipeline> = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(3)).map(([id, n]) => (p: Pipeline) => ({
    ...p,
    nodes: { ...p.nodes, [id]: { type: 't', typeVersion: 1, params: { n } } },
  })),
  fc.constantFrom('a', 'b', 'c').map((id) => (p: Pipeline) => ({ ...p, nodes: Object.fromEntries(Object.entries(p.nodes).filter(([each]) => each !== id)) })),
  fc
    .nat(3)
    .map((n) => (p: Pipeline) => ({ ...p, edges: Array.from({ length: n }, (_, i) => ({ from: { node: 'a', port: `${i}` }, to: { node: 'b', port: 'x' } })) })),
  fc.string().map((name) => (p: Pipeline) => ({ ...p, name })),
  fc.nat(3).map((n) => (p: Pipeline) => ({ ...p, parameters: { p: { type: 'number' as const, default: n } } })),
  fc.constant((p: Pipeline) => p),
);

describe('a pipeline that is sent again and again', () => {
  it('arrives as it is, also where the receiver was lost in between', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(edit, fc.boolean())), (edits) => {
        const sender = new PipelineSender();
        let receiver = new PipelineReceiver();
        let pipeline = base;
        for (const [change, isLost] of edits) {
          pipeline = change(pipeline);
          if (isLost) receiver = new PipelineReceiver();
          let taken: Pipeline;
          try {
            taken = receiver.take('d', copy(sender.send(pipeline)));
          } catch (error) {
            expect(error).toMatchObject({ problem: { code: 'document/version' } });
            taken = receiver.take('d', copy(sender.sendAll(pipeline)));
          }
          expect(meaning(taken)).toEqual(meaning(pipeline));
        }
      }),
    );
  });

  it('sends what has changed, and keeps the rest as it was', () => {
    const nodes = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`n${i}`, { type: 't', typeVersion: 1, params: { text: 'x'.repeat(50) } }]));
    const sender = new PipelineSender();
    const receiver = new PipelineReceiver();
    const whole = { ...base, nodes };
    const first = receiver.take('d', copy(sender.send(whole)));
    const sent = sender.send({ ...whole, nodes: { ...nodes, n7: { type: 't', typeVersion: 1, params: {} } } });
    expect(JSON.stringify(sent).length).toBeLessThan(200);
    const second = receiver.take('d', copy(sent));
    expect(Object.keys(second.nodes).filter((id) => second.nodes[id] !== first.nodes[id])).toEqual(['n7']);
    expect(receiver.take('d', copy(sender.send({ ...whole, nodes: { ...nodes, n7: { type: 't', typeVersion: 1, params: {} } } }))).nodes['n8']).toBe(
      first.nodes['n8'],
    );
  });

  it('is refused where changes are made to a version that is not there', () => {
    const receiver = new PipelineReceiver();
    expect(() => receiver.take('d', { version: 3, since: 2 })).toThrow('does not hold the version');
    receiver.take('d', { version: 1, name: 'x', nodes: {}, edges: [], parameters: {} });
    expect(() => receiver.take('d', { version: 3, since: 2 })).toThrow('does not hold the version');
  });
});
