/** Every source and sink of the catalogue, and what new ones are copied from, keeps the whole contract: see kit/testing. */

import type { NodeDefinition } from '@millrace/kit/node';
import { everySource } from '@millrace/kit/sources/every-source';
import type { ContractTest } from '@millrace/kit/testing/contract';
import { sinkTests } from '@millrace/kit/testing/sink-contract';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { sourceTests } from '@millrace/kit/testing/source-contract';
import type { SourceHarness } from '@millrace/kit/testing/source-trial';
import { afterAll, describe, expect, it } from 'vitest';
import sinkTemplate from '../../nodes/_template-sink.ts';
import sourceTemplate from '../../nodes/_template-source.ts';
import { definitions } from '../../nodes/index.ts';
import { skippedWithout } from '../servers/needed.ts';
import { sharedKafka } from '../servers/shared-kafka.ts';
import { sharedMariaDb } from '../servers/shared-mariadb.ts';
import { sharedPostgres } from '../servers/shared-postgres.ts';

/** What cannot be put through it, and why. All others have a file of their name in contracts/. */
const without: { readonly [type: string]: string } = {
  inspect: 'it writes nothing: what it keeps in memory is gone with the process, and a run that goes on starts empty',
  stdin: 'it can be read once: what a killed run had read is gone, and only the process that writes it knows what that was',
  stdout: 'what was printed cannot be taken back, and only the process that reads it knows what that was',
};

type Settings = { readonly [setting: string]: SinkHarness | SourceHarness };
const files = import.meta.glob<Settings>('./contracts/*.ts', { eager: true, import: 'default' });
const harnesses = new Map(Object.entries(files).map(([file, settings]) => [file.replace(/^.*\/|[.]ts$/g, ''), settings]));

const templates: readonly NodeDefinition[] = [
  { ...everySource(sourceTemplate), type: '_template-source' },
  { ...sinkTemplate, type: '_template-sink' },
];
const nodes = [...definitions.filter(({ kind }) => kind !== 'transform'), ...templates];

it('every source and sink has a harness, or a reason to have none', () => {
  expect([...harnesses.keys(), ...Object.keys(without)].sort()).toEqual(nodes.map(({ type }) => type).sort());
});

afterAll(async () => {
  await Promise.all([sharedKafka, sharedMariaDb, sharedPostgres].map((server) => server.stop()));
});

describe.each(nodes.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  if (without[type]) it(`has no harness: ${without[type]}`, () => {});
  const settings = Object.entries(harnesses.get(type) ?? {});
  const isSkipped = settings.some(([, { whyMissing }]) => skippedWithout(whyMissing?.() ?? null));
  describe.skipIf(isSkipped).each(settings)('%s', (_, harness) => {
    it.each(testsOf(definition, harness).map((test) => [test.name, test] as const))('%s', (_name, test) => test.run());
  });
});

function testsOf(definition: NodeDefinition, harness: SinkHarness | SourceHarness): ContractTest[] {
  if (definition.kind === 'sink') return sinkTests(definition, harness as SinkHarness);
  return definition.kind === 'source' ? sourceTests(definition, harness as SourceHarness) : [];
}
