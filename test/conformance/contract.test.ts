/** Every source and sink of the catalogue, and what new ones are copied from, keep the whole contract: see nodes/kit/testing. */
import { describe, expect, it } from 'vitest';
import sinkTemplate from '../../nodes/_template-sink.ts';
import { definitions } from '../../nodes/index.ts';
import type { SinkDefinition } from '../../nodes/kit/node.ts';
import { sinkTests } from '../../nodes/kit/testing/sink-contract.ts';
import type { SinkHarness } from '../../nodes/kit/testing/sink-trial.ts';

/** What cannot be put through it, and why. A node that is not listed here has a harness: a file in contracts/ of its name. */
const without: { readonly [type: string]: string } = {
  inspect: 'it writes nothing: what it keeps in memory is gone with the process, and a run that goes on starts empty',
  stdout: 'what was printed cannot be taken back, and only the process that reads it knows what came',
};

const files = import.meta.glob<{ readonly [setting: string]: SinkHarness }>('./contracts/*.ts', { eager: true, import: 'default' });
const harnesses = new Map(Object.entries(files).map(([file, settings]) => [file.replace(/^.*\/|[.]ts$/g, ''), settings]));
const nodes = [...definitions.filter(({ kind }) => kind === 'sink'), { ...sinkTemplate, type: '_template-sink' }] as SinkDefinition<any>[];

it('every sink has a harness, or a reason to have none', () => {
  expect([...harnesses.keys(), ...Object.keys(without)].sort()).toEqual(nodes.map(({ type }) => type).sort());
});

describe.each(nodes.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  if (without[type]) it.skip(without[type]);
  for (const [setting, harness] of Object.entries(harnesses.get(type) ?? {})) {
    describe(setting, () => {
      it.each(sinkTests(definition, harness).map((test) => [test.name, test] as const))('%s', (_, test) => test.run());
    });
  }
});
