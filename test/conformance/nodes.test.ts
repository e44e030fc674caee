/** What every node of the library promises, checked from its own declaration. For one node: `vitest run test/conformance -t csv`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Field, Fields } from '@millrace/kit/fields';
import { iconNames } from '@millrace/kit/icons';
import { categories, type Example, type NodeDefinition } from '@millrace/kit/node';
import { defaultsOf, type Params, validateParams } from '@millrace/kit/params';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalogue, inputsOf, isAbsent, outputsOf } from '../../engine/plan/catalogue.ts';
import { traitsOfNode } from '../../engine/plan/lower.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import type { Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { arbitraryParams, arbitrarySchema } from './arbitrary-params.ts';
import { type ExampleRun, edgesOf, paramsOf, runExample } from './harness.ts';
import { nonconformity, readWritten } from './outcome.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each run has a folder of its own. */
async function run(definition: NodeDefinition, example: Example<any>, batchSize = 1000): Promise<ExampleRun & { readonly folder: string }> {
  const place = await mkdtemp(join(folder, 'run-'));
  return { ...(await runExample(definition, example, { folder: place, batchSize })), folder: place };
}

it('the catalogue has nodes, and survives as JSON', () => {
  const manifests = new Catalogue(definitions).manifests();
  expect(manifests.length).toBeGreaterThan(0);
  expect(JSON.parse(JSON.stringify(manifests))).toStrictEqual(manifests);
});

describe.each(definitions.map((definition) => [definition.type, definition] as const))('%s', (_, definition) => {
  it('says who it is', () => {
    const { type, title, summary, category, icon, docs, version } = definition;
    expect(type).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(definitions.filter((other) => other.type === type || (other.title === title && other.kind === definition.kind))).toHaveLength(1);
    expect(title.trim()).not.toBe('');
    expect(summary.length).toBeGreaterThan(0);
    expect(summary.length).toBeLessThanOrEqual(100);
    expect(docs.trim().length).toBeGreaterThan(40);
    expect(categories).toContain(category);
    expect(iconNames).toContain(icon);
    const others = definitions.filter((other) => other !== definition && other.kind === definition.kind && !other.hidden);
    if (!definition.hidden) expect(others.filter((other) => other.icon === icon).map((other) => other.type)).toEqual([]);
    expect(version).toBe((definition.migrations?.length ?? 0) + 1);
  });

  it('has ports with names of their own', () => {
    for (const ports of [inputsOf(definition), outputsOf(definition)]) {
      const names = ports.map((port) => port.name);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[a-z][a-zA-Z0-9]*$/);
      expect(names).not.toContain('errors');
    }
    const conditions = outputsOf(definition).flatMap(({ absentWhen }) => absentWhen ?? []);
    for (const { param } of conditions) expect(Object.keys(definition.params)).toContain(param);
    if (definition.kind !== 'source') expect(definition.inputs.length).toBeGreaterThan(0);
    if (definition.kind !== 'sink') expect(definition.outputs.length).toBeGreaterThan(0);
  });

  it('declares its params well, and lacks only what is required', () => {
    expectSoundFields(definition.params);
    const defaults = defaultsOf(definition.params);
    const { problems } = validateParams(definition.params, defaults, {});
    const missing = problems.map((problem) => `${problem.code} ${problem.field}`);
    const required = Object.entries(definition.params as Fields).filter(
      ([name, field]) => missing.some((text) => text === `params/missing ${name}`) && isOpen(field),
    );
    expect(missing).toEqual(required.map(([name]) => `params/missing ${name}`));
    for (const params of [defaults, ...definition.examples.map((example) => example.params)]) expect(JSON.parse(JSON.stringify(params))).toEqual(params);
  });

  it('counts its migrations up from 2', () => {
    const migrations = definition.migrations ?? [];
    expect(migrations.map((migration) => migration.to)).toEqual(migrations.map((_, i) => i + 2));
    expect(new Set(migrations.map((migration) => migration.name)).size).toBe(migrations.length);
  });

  it('infers, and draws its card, whatever the params and inputs', () => {
    const schemas = fc.option(arbitrarySchema);
    const inputs = fc.record(Object.fromEntries(inputsOf(definition).map(({ name }) => [name, fc.array(schemas, { minLength: 1, maxLength: 2 })])));
    fc.assert(
      fc.property(arbitraryParams(definition.params), inputs, schemas, (raw, inputLists, discovered) => {
        const first = Object.fromEntries(Object.entries(inputLists).map(([port, list]) => [port, list[0] ?? null]));
        const { params } = validateParams(definition.params, raw, first);
        const { outputs, problems = [] } = definition.infer({ params, inputs: first, inputLists, discovered, analyse: codeAnalysis });
        for (const [port, schema] of Object.entries<Schema | null | undefined>(outputs)) {
          expect(outputsOf(definition).map(({ name }) => name)).toContain(port);
          const names = schema?.columns.map((column) => column.name) ?? [];
          if (problems.every((problem) => problem.severity !== 'error')) expect(new Set(names).size).toBe(names.length);
        }
        for (const problem of problems)
          expect(problem).toMatchObject({ code: expect.stringMatching(/^[a-z-]+\/[a-z-]+$/), message: expect.stringMatching(/./) });
        expect(typeof (definition.card?.(params) ?? '')).toBe('string');
        if (definition.kind === 'source') expect(Array.isArray(definition.reads?.(params) ?? [])).toBe(true);
        if (definition.kind === 'sink') expect(Array.isArray(definition.writes?.(params) ?? [])).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  if (definition.kind === 'sink' && definition.adding) {
    it('knows the params with which it adds, which are sound and stay as they are', () => {
      for (const example of definition.examples) {
        const params = definition.adding!(paramsOf(definition, example)) as Params;
        expect(validateParams(definition.params, params, {}).problems.filter(({ code }) => code !== 'params/missing')).toEqual([]);
        expect(definition.adding!(params)).toEqual(params);
      }
    });
  }

  it('has at least two examples, with titles of their own', () => {
    expect(definition.examples.length).toBeGreaterThanOrEqual(2);
    expect(new Set(definition.examples.map((example) => example.title)).size).toBe(definition.examples.length);
  });

  describe.each(definition.examples.map((example) => [example.title, example] as const))('%s', (_, example) => {
    it('gives what it declares', async () => {
      const result = await run(definition, example);
      for (const { name } of inputsOf(definition)) for (const { rows, schema } of edgesOf(example, name)) expectConforming(rows, schema);
      expectReports(result, example.failures ?? []);
      for (const [port, rows] of Object.entries(example.outputs ?? {})) expect(result.outputs[port], port).toEqual(rows);
      if (example.writes) expect(await readWritten(result.folder, example.writes)).toEqual(example.writes);
      const proves = example.outputs !== undefined || example.writes !== undefined || (example.failures?.length ?? 0) > 0;
      expect(proves || definition.kind === 'sink', 'an example declares outputs, writes or failures').toBe(true);
    });

    it('gives the rows that infer promised', async () => {
      const { outputs, schemas } = await run(definition, example);
      const absent = outputsOf(definition).filter((port) => isAbsent(port, paramsOf(definition, example) as Params));
      for (const { name } of absent) expect(outputs[name] ?? []).toEqual([]);
      for (const [port, rows] of Object.entries(outputs)) {
        const schema = schemas[port];
        if (rows.length > 0) expect(schema, `schema of ${port}`).toBeTruthy();
        if (schema) expectConforming(rows, schema);
      }
    });

    it.each([1, 2])('gives the same in batches of %d', async (batchSize) => {
      const whole = await run(definition, example);
      const split = await run(definition, example, batchSize);
      expect(split.outputs).toEqual(whole.outputs);
      expect(split.failures.map((failure) => failure.message)).toEqual(whole.failures.map((failure) => failure.message));
      if (example.writes) expect(await readWritten(split.folder, example.writes)).toEqual(example.writes);
    });

    if (traitsOfNode(definition, paramsOf(definition, example) as Params, {})?.isStateful === false) {
      it('takes its rows one by one, as it declares', async () => {
        expect((await run(definition, example)).isRowByRow).toBe(true);
      });
    }

    it('has a card', () => {
      expect(typeof (definition.card?.(paramsOf(definition, example)) ?? '')).toBe('string');
    });
  });
});

/** Every error and failed row must have been declared, in order; warnings may be. */
function expectReports({ problems, failures }: ExampleRun, expected: readonly string[]): void {
  const reports = [...problems.map(({ severity, message }) => ({ severity, message })), ...failures.map(({ message }) => ({ severity: 'error', message }))];
  let next = 0;
  const surprises = reports.filter(({ message, severity }) => {
    const wanted = expected[next];
    if (wanted !== undefined && message.includes(wanted)) next++;
    else return severity === 'error';
    return false;
  });
  expect(surprises.map((report) => report.message)).toEqual([]);
  expect(expected.slice(next), 'declared, but not reported').toEqual([]);
}

function expectConforming(rows: readonly Params[] | ExampleRun['outputs'][string], schema: ExampleRun['inputs'][string]): void {
  expect(rows.map((row) => nonconformity(row, schema)).filter((text) => text !== null)).toEqual([]);
}

function expectSoundFields(fields: Fields): void {
  const names = Object.keys(fields);
  names.forEach((name, i) => {
    const field = fields[name]!;
    expect(field.label.trim(), name).not.toBe('');
    if (field.when) expect(names.slice(0, i), `"${name}" depends on a param above it`).toContain(field.when.param);
    if (field.kind === 'list') expectSoundFields(field.item);
    if (field.kind === 'choice') expect(field.options.length).toBeGreaterThan(0);
  });
}

/** Whether a field has no value of its own, so that the user must give one. */
function isOpen(field: Field): boolean {
  return !field.optional && (field.default === undefined || field.default === '' || (Array.isArray(field.default) && field.default.length === 0));
}
