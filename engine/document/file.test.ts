import '../../test/property-seed.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import { addNode, moveNodes } from './edits.ts';
import { canonical, formatPipeline, type LoadFailure, parsePipeline } from './file.ts';
import { newestVersion } from './migrations.ts';
import { emptyPipeline } from './pipeline.ts';

const fixtures = join(import.meta.dirname, '../../test/fixtures/documents');
const valid = readFileSync(join(fixtures, 'v1', 'hot-readings.millrace.json'), 'utf8');

function failureOf(text: string) {
  const result = parsePipeline(text);
  if (result.ok) throw new Error('expected a failure');
  return { reason: result.reason, problem: result.problems[0]! };
}

describe('parsePipeline', () => {
  it.each(readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')))('reads %s for ever', (name) => {
    const result = parsePipeline(readFileSync(join(fixtures, name), 'utf8'));
    expect(result.ok ? [] : result.problems).toEqual([]);
  });

  it('tells more problems than a call takes arguments', () => {
    const parameters = Object.fromEntries(Array.from({ length: 130_000 }, (_, i) => [`p${i}`, 1]));
    const result = parsePipeline(JSON.stringify({ ...JSON.parse(valid), parameters }));
    expect(result.ok ? 0 : result.problems.length).toBe(130_000);
  });

  it.each<[string, string, LoadFailure, RegExp]>([
    ['an empty file', ' \n', 'empty', /empty/],
    ['a truncated file', valid.slice(0, 120), 'notJson', /cut off/],
    ['a file that is no JSON', 'hello', 'notJson', /not valid JSON in line 1/],
    ['JSON of something else', '{"nodes": []}', 'notOurs', /not a Millrace pipeline/],
    ['a list', '[]', 'notOurs', /not a Millrace pipeline/],
    ['a file of a newer version', valid.replace('"formatVersion": 1', '"formatVersion": 99'), 'tooNew', /version 99; this Millrace reads up to 1/],
    ['a version that is no number', valid.replace('"formatVersion": 1', '"formatVersion": "1"'), 'invalid', /formatVersion/],
    ['an edge of the wrong form', valid.replace(' -> hot.rows', ' hot.rows'), 'invalid', /edges\.\d/],
    ['a node without a type', valid.replace('"type": "filter",', ''), 'invalid', /nodes\.hot\.type/],
    ['an id of the wrong form', valid.replaceAll('"hot"', '"Hot!"'), 'invalid', /nodes\.Hot!/],
    ['the id __proto__', valid.replaceAll('"hot"', '"__proto__"'), 'invalid', /nodes\.__proto__/],
    ['a parameter of the wrong type', valid.replace('"type": "number"', '"type": "date"'), 'invalid', /parameters\.limit\.type/],
  ])('tells %s', (_name, text, reason, message) => {
    const failure = failureOf(text);
    expect(failure.reason).toBe(reason);
    expect(failure.problem.message).toMatch(message);
    expect(failure.problem.hint).toBeTruthy();
  });

  it('names the line of a syntax error', () => {
    const lines = valid.split('\n');
    lines[4] = '  oops';
    expect(failureOf(lines.join('\n')).problem).toMatchObject({ code: 'pipeline/not-json', range: { line: 5 } });
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.nat(valid.length).map((n) => valid.slice(0, n)),
        ),
        (text) => void parsePipeline(text),
      ),
    );
  });

  it('runs migrations in order, tells their names, and says which one failed', () => {
    const steps = [
      { to: 2, name: 'rename title', migrate: (document: object) => ({ ...document, name: 'from 2' }) },
      { to: 3, name: 'name again', migrate: (document: object) => ({ ...document, name: `${(document as { name: string }).name} and 3` }) },
    ];
    const result = parsePipeline(valid, steps);
    expect(result).toMatchObject({ ok: true, migrated: ['rename title', 'name again'], pipeline: { name: 'from 2 and 3' } });
    const broken = {
      to: 2,
      name: 'breaks',
      migrate: () => {
        throw new Error('no');
      },
    };
    expect(parsePipeline(valid, [broken])).toMatchObject({ ok: false, reason: 'migrationFailed' });
    expect(() => newestVersion([{ ...broken, to: 3 }])).toThrow(/expected 2/);
  });
});

describe('formatPipeline', () => {
  const { pipeline } = addNode(emptyPipeline, { type: 'code', typeVersion: 1, params: { code: 'one\ntwo\nthree' }, position: { x: 0, y: 0 }, title: 'Step' });

  it('shows a change as the lines that changed', () => {
    const lines = (text: string) => text.split('\n');
    const before = lines(formatPipeline(pipeline));
    const after = lines(formatPipeline({ ...pipeline, nodes: { step: { ...pipeline.nodes['step']!, params: { code: 'one\n2\nthree' } } } }));
    expect(after.filter((line, index) => line !== before[index])).toEqual(['            "2",']);
    const moved = lines(formatPipeline(moveNodes(pipeline, { step: { x: 40, y: 8 } })));
    expect(moved.filter((line, index) => line !== before[index])).toEqual(['    "step": { "x": 40, "y": 8 }']);
  });

  it('keeps unknown node types and their params untouched', () => {
    const text = valid.replace('"type": "filter"', '"type": "from-a-plug-in"');
    const read = parsePipeline(text);
    expect(read.ok && formatPipeline(read.pipeline)).toBe(text);
  });
});

it.each([600, 2750, 100_000])('a file that nests lists %i deep is refused with words', (depth) => {
  const text = `{"format":"millrace/pipeline","formatVersion":1,"name":"x","nodes":{"g":{"type":"t","typeVersion":1,"params":{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}}}}`;
  expect(parsePipeline(text)).toMatchObject({ ok: false, reason: 'tooDeep', problems: [{ code: 'pipeline/too-deep' }] });
});

const inherited = Object.getOwnPropertyNames(Object.prototype).filter((name) => /^[a-z][a-zA-Z0-9_]*$/.test(name));

test('whatever nodes, params, edges and places there are: what is saved can be opened, and is the same', () => {
  const id = fc.oneof(
    fc.constantFrom('constructor', ...inherited.map((name) => name.toLowerCase()), 'then', 'x1'),
    fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/),
  );
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '$lines', '$$lines', ''));
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false, 1.5, -7),
      fc.string({ unit: fc.oneof(fc.constantFrom('\n', '\r', '"', '$', '\u2028', '\ufeff'), fc.string({ minLength: 1, maxLength: 1 })) }),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie('json')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  const params = fc.array(fc.tuple(key, json), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
  const node = fc.record({ type: fc.constantFrom('filter', 'from-a-plug-in', 'constructor'), typeVersion: fc.constant(1), params });
  const nodes = fc.uniqueArray(fc.tuple(id, node), { maxLength: 5, selector: ([name]) => name });
  const pipelines = nodes.chain((entries) =>
    fc.record({
      nodes: fc.constant(Object.fromEntries(entries)),
      layout: fc.subarray(entries).map((placed) => Object.fromEntries(placed.map(([name]) => [name, { x: 40, y: -8 }]))),
      edges:
        entries.length === 0
          ? fc.constant([])
          : fc
              .uniqueArray(fc.tuple(fc.constantFrom(...entries), fc.constantFrom(...entries)), { selector: ([[from], [to]]) => `${from} ${to}` })
              .map((pairs) => pairs.map(([[from], [to]]) => ({ from: { node: from, port: 'rows' }, to: { node: to, port: 'constructor' } }))),
    }),
  );
  fc.assert(
    fc.property(pipelines, (parts) => {
      const text = formatPipeline({ ...emptyPipeline, ...parts });
      const opened = parsePipeline(text);
      expect(opened.ok ? [] : opened.problems).toEqual([]);
      if (!opened.ok) return;
      expect(JSON.stringify(opened.pipeline)).toBe(JSON.stringify(canonical({ ...emptyPipeline, ...parts })));
      expect(formatPipeline(opened.pipeline)).toBe(text);
    }),
  );
});
