import { describe, expect, it } from 'vitest';
import type { CheckResult, NodeCheck } from '../protocol/messages.ts';
import { CheckAnswers } from './check-answers.ts';

const node = (card: string): NodeCheck => ({ known: true, card, defaultPolicy: 'stop', inputs: [], outputs: [] });
const result = (nodes: CheckResult['nodes']): CheckResult => ({
  nodes,
  problems: [],
  runnable: true,
  bounded: true,
  reads: [],
  writes: [],
  listens: [],
  reaches: [],
  secrets: [],
  unknown: [],
  code: [],
});

describe('an answer to a check', () => {
  it('tells only what differs from the one that the editor holds', () => {
    const answers = new CheckAnswers();
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`n${i}`, node('x')]));
    const first = answers.answer('d', result(many), undefined);
    expect([Object.keys(first.nodes).length, first.since]).toEqual([1000, undefined]);
    const { n1: _gone, ...rest } = many;
    const second = answers.answer('d', result({ ...rest, n0: node('changed'), added: node('new') }), first.answer);
    expect(second).toMatchObject({ since: first.answer, gone: ['n1'], nodes: { n0: node('changed'), added: node('new') } });
    expect(Object.keys(second.nodes)).toEqual(['n0', 'added']);
  });
  it('is whole for an editor that holds another one, or another document', () => {
    const answers = new CheckAnswers();
    const nodes = { a: node('x'), b: node('y') };
    const first = answers.answer('d', result(nodes), undefined);
    answers.answer('d', result(nodes), first.answer);
    for (const [document, since] of [
      ['d', first.answer],
      ['other', first.answer],
    ] as const) {
      const whole = answers.answer(document, result(nodes), since);
      expect([whole.since, Object.keys(whole.nodes)]).toEqual([undefined, ['a', 'b']]);
    }
  });
});
