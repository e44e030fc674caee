import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { FieldManifest, NodeManifest } from '../../engine/protocol/messages.ts';
import type { Schema } from '../../model/values/types.ts';
import { inputSchema, isShown, keysOf } from '../session/fields.ts';
import { codeFields } from './code-fields.ts';
import { expressionModule, expressionOffsetLines, rowTypes } from './row-types.ts';

const schema: Schema = {
  columns: [
    { name: 'temperature', type: 'number', nullable: true },
    { name: 'Wind Speed', type: 'integer', nullable: false },
    { name: 'at', type: 'timestamp', nullable: false },
  ],
};

/** TypeScript's errors for an expression, with the line in the expression. */
function check(source: string, returns: string | undefined, input: Schema | null = schema): string[] {
  return problemsOf(rowTypes(input, true), expressionModule(source, returns), expressionOffsetLines);
}

function problemsOf(declarations: string, code: string, offset: number): string[] {
  const files = new Map([
    ['row.d.ts', declarations],
    ['check.ts', code],
  ]);
  const host = ts.createCompilerHost({});
  const read = host.getSourceFile;
  host.getSourceFile = (name, version) => (files.has(name) ? ts.createSourceFile(name, files.get(name)!, version) : read.call(host, name, version));
  host.fileExists = (name) => files.has(name) || ts.sys.fileExists(name);
  const program = ts.createProgram(
    [...files.keys()],
    { strict: true, noEmit: true, types: [], lib: ['lib.es2022.d.ts'], target: ts.ScriptTarget.ES2022 },
    host,
  );
  return ts.getPreEmitDiagnostics(program).map((found) => {
    const line = found.file!.getLineAndCharacterOfPosition(found.start!).line + 1 - offset;
    return `${line}: ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`;
  });
}

describe('an expression is checked as what it is', () => {
  it('accepts columns, by dot and by name', () => {
    expect(check('row.temperature > 30 && row["Wind Speed"] > 1', 'boolean')).toEqual([]);
    expect(check('row.at', 'timestamp')).toEqual([]);
    expect(check('{ a: row.at }', 'json')).toEqual([]);
  });
  it('refuses unknown columns, wrong types and statements', () => {
    expect(check('row.temprature > 30', 'boolean')[0]).toMatch(/^1: Property 'temprature' does not exist on type 'Row'/);
    expect(check('row.temperature', 'boolean')[0]).toMatch(/not assignable to type 'boolean'/);
    expect(check('const a = 1', undefined)[0]).toMatch(/^1: .*xpect/);
    expect(check('row.at >\nrow.nope', 'boolean')[0]).toMatch(/^2: Property 'nope'/);
  });
  it('takes any column while the input is unknown', () => {
    expect(check('row.anything > 1', 'boolean', null)).toEqual([]);
  });
});

describe('code fields of a node', () => {
  const field = (kind: FieldManifest['kind'], more: Partial<FieldManifest> = {}): FieldManifest => ({ kind, label: kind, ...more });
  const manifest = {
    defaults: { mode: 'code', where: 'true' },
    params: {
      mode: field('choice'),
      where: field('expression', { when: { param: 'mode', is: ['code'] } }),
      columns: field('list', { itemLabel: 'Column', item: { name: field('text'), expression: field('expression') } }),
      title: field('text'),
    },
  } as unknown as NodeManifest;

  it('are found in lists too, named as problems name them', () => {
    const found = codeFields(manifest, {
      columns: [
        { name: 'a', expression: '1' },
        { name: '', expression: '2' },
      ],
    });
    expect(found.map(({ path, label, text }) => [path, label, text])).toEqual([
      ['where', 'expression', 'true'],
      ['columns.0.expression', 'a', '1'],
      ['columns.1.expression', 'Column 2', '2'],
    ]);
  });
  it('are left out while hidden', () => {
    expect(codeFields(manifest, { mode: 'rules' })).toEqual([]);
    expect(isShown(manifest.params['where']!, { mode: null })).toBe(false);
  });
  it('are hidden with the field that they depend on', () => {
    const fields = {
      time: { kind: 'choice', label: 'Time' },
      format: { kind: 'choice', label: 'Format', when: { param: 'time', is: ['column'] } },
      pattern: { kind: 'text', label: 'Pattern', when: { param: 'format', is: ['pattern'] } },
    } as const;
    expect(isShown(fields.pattern, { time: 'column', format: 'pattern' }, fields)).toBe(true);
    expect(isShown(fields.pattern, { time: 'none', format: 'pattern' }, fields)).toBe(false);
  });
  it('know their input, or their own output', () => {
    const made = { columns: [] };
    const check = {
      inputs: [
        { name: 'rows', schema },
        { name: 'lookup', schema: null },
      ],
      outputs: [{ name: 'rows', schema: made }],
    } as never;
    expect(inputSchema(check, {})).toBe(schema);
    expect(inputSchema(check, { of: 'output' })).toBe(made);
    expect(inputSchema(check, { input: 'lookup' })).toBeNull();
    expect(inputSchema(null, {})).toBeNull();
  });
  it('know the key columns of a keyed module', () => {
    expect(keysOf({ keyed: 'keys' }, { keys: ['a', 'b'] })).toEqual(['a', 'b']);
    expect(keysOf({ keyed: 'keys' }, {})).toEqual([]);
    expect(keysOf({}, { keys: ['a'] })).toBeNull();
  });
});

describe('a keyed module', () => {
  const code = (body: string) => `interface State { n: number }
export const initial: State = { n: 0 };
export function onRow(row: Row, state: State, context: Context) { ${body} }
export function onTimer(timer: Timer, state: State, context: Context) { context.setTimer(timer.time + state.n); }`;

  it('has a state of its own, and a context with its keys', () => {
    const types = rowTypes(schema, false, ['at']);
    expect(problemsOf(types, code('state.n += context.key.at; return { ...row, n: state.n };'), 0)).toEqual([]);
    expect(problemsOf(types, code('return state.m + context.key.temperature;'), 0)).toEqual([
      "3: Property 'm' does not exist on type 'State'.",
      "3: Property 'temperature' does not exist on type 'Key'.",
    ]);
    expect(problemsOf(rowTypes(null, false, ['at']), code('return row.anything + context.key.at;'), 0)).toEqual([]);
  });
});
