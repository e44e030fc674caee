import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { describe, expect, it } from 'vitest';
import type { Json, Schema } from '../../model/values/types.ts';
import { toNative } from '../../test/engine/native-op.ts';
import { identity, options, pipeline } from '../../test/engine/plan-nodes.ts';
import type { Pipeline, PipelineNode } from '../document/pipeline.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';

const columns: Schema['columns'] = ['at', 'seen'].map((name) => ({ name, type: 'timestamp', nullable: false }));
const timeParam = f.text({ label: 'Time', optional: true });

const clicks = defineNode({
  ...identity,
  type: 'clicks',
  kind: 'source',
  title: 'Clicks',
  outputs: [{ name: 'rows' }],
  params: { time: timeParam, ends: f.boolean({ label: 'Ends', default: false }), idle: f.boolean({ label: 'Idle', default: false }) },
  bounded: ({ ends }) => ends,
  holdsBack: ({ time, idle }) => time !== null && !idle,
  infer: ({ params: { time } }) => ({ outputs: { rows: time === null ? { columns } : { columns, eventTime: { column: time } } } }),
  run: () => ({ read: () => null, position: () => null, close: () => {} }),
});
const transform = (type: string, many: boolean, more: { readonly ends?: boolean; readonly waits?: boolean } = {}) =>
  defineNode({
    ...identity,
    type,
    kind: 'transform',
    title: type,
    inputs: [{ name: 'rows', many }],
    outputs: [{ name: 'rows' }],
    params: { time: timeParam },
    infer: ({ inputLists }) => ({ outputs: { rows: inputLists['rows']?.[0] ? { columns: inputLists['rows'][0].columns } : null } }),
    lower: ({ params: { time } }) => toNative({ ends: more.ends === true, awaits: more.waits ? [{ port: 'rows', time, field: 'time' }] : [] })(),
    run: () => ({ process: () => {} }),
  });
const catalogue = new Catalogue([
  clicks,
  transform('windows', false, { waits: true }),
  transform('pass', false),
  transform('first', false, { ends: true }),
  transform('unite', true),
]);

const node = (type: string, params: { readonly [name: string]: Json } = {}): PipelineNode => ({ type, typeVersion: 1, params });
const timed = (params = {}) => node('clicks', { time: 'at', ...params });
const problemsOf = (document: Pipeline) =>
  checkPipeline(document, { ...options, catalogue }).result.problems.filter(({ code }) => code.startsWith('event-time/'));
const chain = (source: PipelineNode, windows = node('windows')) =>
  pipeline({ clicks: source, pass: node('pass'), windows }, ['clicks -> pass', 'pass -> windows']);

describe('what waits for event time', () => {
  it('is no problem where the event time is set, or the input ends', () => {
    expect(problemsOf(chain(timed()))).toEqual([]);
    expect(problemsOf(chain(timed({ time: null, ends: true })))).toEqual([]);
  });

  it('waits for ever for a source without one that never ends, which is named', () => {
    const [problem, ...others] = problemsOf(chain(node('clicks')));
    expect(problem).toMatchObject({ node: 'windows', code: 'event-time/never', severity: 'error' });
    expect(problem!.message).toContain('"clicks" never ends and has no event time');
    expect(problem!.hint).toContain('Set the event time of the source "clicks"');
    expect(others).toEqual([]);
  });

  it('is told once, and not again of what waits behind it', () => {
    const document = pipeline({ clicks: node('clicks'), a: node('windows'), b: node('windows') }, ['clicks -> a', 'a -> b']);
    expect(problemsOf(document).map((problem) => problem.node)).toEqual(['a']);
  });

  it('waits for ever for one such source among others', () => {
    const document = pipeline({ good: timed({ idle: true }), bad: node('clicks'), all: node('unite'), windows: node('windows') }, [
      'good -> all',
      'bad -> all',
      'all -> windows',
    ]);
    expect(problemsOf(document)).toMatchObject([
      { node: 'all', code: 'event-time/lost', severity: 'warning' },
      { node: 'windows', code: 'event-time/never', message: expect.stringContaining('"bad"') },
    ]);
  });

  it('waits for ever by a column that is not the event time', () => {
    const [problem] = problemsOf(chain(timed(), node('windows', { time: 'seen' })));
    expect(problem).toMatchObject({ node: 'windows', code: 'event-time/never', severity: 'error', field: 'time', port: 'rows' });
    expect(problem!.message).toContain('goes by "seen", but the event time of its rows is "at", and "clicks" never ends');
    expect(problemsOf(chain(timed({ ends: true }), node('windows', { time: 'seen' })))).toEqual([]);
  });

  it('does not where rows are cut off before', () => {
    const document = pipeline({ clicks: node('clicks'), some: node('first'), windows: node('windows') }, ['clicks -> some', 'some -> windows']);
    expect(problemsOf(document)).toEqual([]);
  });
});

describe('inputs that are brought together', () => {
  const united = (...sources: PipelineNode[]) => {
    const nodes = Object.fromEntries(sources.map((source, i) => [`s${i}`, source]));
    return pipeline(
      { ...nodes, all: node('unite') },
      sources.map((_, i) => `s${i} -> all`),
    );
  };

  it('keep an event time that is the same', () => {
    expect(problemsOf(united(timed(), timed()))).toEqual([]);
    expect(problemsOf(united(node('clicks'), node('clicks')))).toEqual([]);
  });

  it.each<[string, PipelineNode, string]>([
    ['another one', timed({ time: 'seen' }), '"s0" is "at", that of "s1" is "seen"'],
    ['none', node('clicks'), '"s0" is "at", that of "s1" is not set'],
  ])('lose it where one has %s', (_, other, words) => {
    const [problem] = problemsOf(united(timed(), other));
    expect(problem).toMatchObject({ node: 'all', code: 'event-time/lost', severity: 'warning', port: 'rows' });
    expect(problem!.message).toContain(words);
  });
});

describe('a source that may fall silent', () => {
  const two = (first: PipelineNode, second: PipelineNode, last = 'windows') =>
    pipeline({ first, second, all: node('unite'), last: node(last) }, ['first -> all', 'second -> all', 'all -> last']);

  it('is told of where another one that never ends would be held back', () => {
    const [problem, ...others] = problemsOf(two(timed(), timed({ idle: true })));
    expect(problem).toMatchObject({ node: 'first', code: 'event-time/may-hold-back', severity: 'info', field: 'idleAfter' });
    expect(problem!.message).toContain('"last" holds back those of "second"');
    expect(others).toEqual([]);
  });

  it('is fine with one that ends, and where nothing waits', () => {
    expect(problemsOf(two(timed(), timed({ ends: true })))).toEqual([]);
    expect(problemsOf(two(timed(), timed(), 'pass'))).toEqual([]);
  });
});
