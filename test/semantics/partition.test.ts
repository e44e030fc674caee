/** The law of partitions: instances over disjoint keys give the same rows as a single one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example, NodeDefinition } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { OpTraits } from '@millrace/kit/ops';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lower } from '../../engine/plan/lower.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { edgesOf, paramsOf, runExample } from '../conformance/harness.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-partition-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
  readonly title: string;
  readonly definition: NodeDefinition;
  readonly example: Example<any>;
  readonly schemas: { readonly [port: string]: Schema };
  readonly partition: NonNullable<OpTraits['partition']>;
}

const cases = definitions.flatMap((definition) => definition.examples.flatMap((example: Example<any>) => caseOf(definition, example)));

/** Nothing for an example whose rows one instance has to see all. */
function caseOf(definition: NodeDefinition, example: Example<any>): Case[] {
  if (definition.kind !== 'transform') return [];
  const edges = definition.inputs.flatMap(({ name }) => edgesOf(example, name).map(({ schema }) => [name, schema] as const));
  const schemas = Object.fromEntries(edges);
  const op = lower(definition, paramsOf(definition, example), schemas)!;
  const { partition } = traitsOf(op);
  const isSimple = edges.length === definition.inputs.length && (partition !== 'any' || edges.length === 1);
  return partition !== null && isSimple ? [{ title: `${definition.type}: ${example.title}`, definition, example, schemas, partition }] : [];
}

/** The rows by port, for each key: of a partition in any way, each row by itself. */
function parts({ example, partition }: Case): { readonly [port: string]: readonly Row[] }[] {
  const byKey = new Map<string, { readonly [port: string]: readonly Row[] }>();
  for (const [port, rows] of Object.entries(example.inputs ?? {})) {
    (rows ?? []).forEach((row, i) => {
      const key = JSON.stringify(partition === 'any' ? i : partition[port]!.map((name) => row[name] ?? null));
      const part = byKey.get(key) ?? {};
      byKey.set(key, { ...part, [port]: [...(part[port] ?? []), row] });
    });
  }
  return [...byKey.values()];
}

const multiset = (items: readonly unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();

it.each(cases.map((each) => [each.title, each] as const))('%s', async (_, each) => {
  const { definition, example, schemas } = each;
  const run = (inputs: Example<any>['inputs']) => runExample(definition, { ...example, inputs, inputSchemas: schemas }, { folder, batchSize: 2 });
  const whole = await run(example.inputs);
  if (whole.problems.some(({ severity }) => severity === 'error')) return;
  const found = await Promise.all(parts(each).map(run));
  for (const [port, rows] of Object.entries(whole.outputs)) expect(multiset(found.flatMap(({ outputs }) => outputs[port]!)), port).toEqual(multiset(rows));
  expect(multiset(found.flatMap(({ failures }) => failures))).toEqual(multiset(whole.failures));
});
