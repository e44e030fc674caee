import type { Params } from '@millrace/kit/params';
import { validateParams } from '@millrace/kit/params';
import { expect, test } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import compute from '../../nodes/columns/compute.ts';
import { fixProblem } from './edits.ts';
import { emptyPipeline, type Pipeline } from './pipeline.ts';

test('one click removes what a node does not know, and nothing else', () => {
  const params: Params = {
    'size.x': 1,
    columns: [
      { name: 'a', expression: '1' },
      { name: 'b', expression: '2', constructor: 'x', tpye: null },
    ],
    toString: 5,
  };
  let pipeline: Pipeline = { ...emptyPipeline, nodes: { n: { type: 'compute', typeVersion: 1, params } } };
  const unknown = () => validateParams(compute.params, pipeline.nodes['n']!.params, {}).problems.filter(({ code }) => code === 'params/unknown');
  expect(unknown().map(({ fix }) => fix?.title)).toEqual(['Remove "size.x"', 'Remove "toString"', 'Remove "constructor"', 'Remove "tpye"']);
  const problems = unknown();
  for (const problem of problems) pipeline = fixProblem(pipeline, 'n', problem);
  const [first] = params['columns'] as Json[];
  expect(pipeline.nodes['n']!.params).toEqual({ columns: [first!, { name: 'b', expression: '2' }] });
  for (const problem of problems) expect(fixProblem(pipeline, 'n', problem)).toBe(pipeline);
  expect(fixProblem(pipeline, 'gone', problems[0]!)).toBe(pipeline);
});
