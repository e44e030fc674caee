import { lastOf, missing } from '../../model/faults/missing.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { isTooDeep } from '../../model/values/json-depth.ts';
import type { Json } from '../../model/values/types.ts';
import { type DocumentMigration, documentMigrations, newestVersion } from './migrations.ts';
import { type Edge, edgeId, type Pipeline } from './pipeline.ts';
import { pipelineSchema } from './pipeline-schema.ts';

export const fileFormat = 'millrace/pipeline';
export const fileExtension = '.millrace.json';

/** The name of an unnamed pipeline: that of its file, without folder and extension. */
export function titleOfFile(path: string): string {
  const name = lastOf(path.split(/[\\/]/));
  return (name.endsWith(fileExtension) ? name.slice(0, -fileExtension.length) : name.replace(/\.json$/, '')) || name;
}

export type LoadResult =
  | { readonly ok: true; readonly pipeline: Pipeline /** Names of the steps that brought an older file up to date. */; readonly migrated: readonly string[] }
  | { readonly ok: false; readonly reason: LoadFailure; readonly problems: readonly Problem[] };
export type LoadFailure = 'empty' | 'tooDeep' | 'notJson' | 'notOurs' | 'tooNew' | 'invalid' | 'migrationFailed';

/** Far more than any param needs, and safe for all code that reads it recursively. */
const deepestDocument = 500;

const badId = 'a node id begins with a letter and has only a-z, 0-9 and _, at most 64 of them';

type Document = { readonly [key: string]: Json };

/**
 * A pipeline from its file's text. Never throws and never guesses: errors are reported with a path or a line. Node types are not checked
 * here: an unknown one is kept as it is (plan/check.ts reports it at the node).
 */
export function parsePipeline(text: string, migrations: readonly DocumentMigration[] = documentMigrations): LoadResult {
  if (text.trim() === '') return failure('empty', 'The file is empty.', 'Restore it from a copy, or start a new pipeline.');
  if (isTooDeep(text, deepestDocument)) {
    return failure('tooDeep', `The file nests lists or objects more than ${deepestDocument} deep.`, 'Restore it from a copy: Millrace saves no such file.');
  }
  let document: Json;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch (error) {
    return notJson(text, error as Error);
  }
  if (!isObject(document) || document['format'] !== fileFormat) {
    return failure('notOurs', 'This is not a Millrace pipeline: "format" is not "millrace/pipeline".', `Open a file that Millrace saved (*${fileExtension}).`);
  }
  const version = document['formatVersion'];
  const newest = newestVersion(migrations);
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    return failure('invalid', '"formatVersion" must be a whole number from 1 on.', 'Restore the file from a copy.', 'formatVersion');
  }
  if (version > newest) {
    return failure('tooNew', `The file has format version ${version}; this Millrace reads up to ${newest}.`, 'Update Millrace, then open the file again.');
  }
  const migrated: string[] = [];
  for (const migration of migrations.slice(version - 1)) {
    try {
      document = migration.migrate(document as Document) as Document;
      migrated.push(migration.name);
    } catch (error) {
      return failure(
        'migrationFailed',
        `Bringing the file up to version ${migration.to} ("${migration.name}") failed: ${(error as Error).message}.`,
        'Please report this with the file.',
      );
    }
  }
  return validate(document as Document, migrated);
}

function validate(document: Document, migrated: readonly string[]): LoadResult {
  const problems: Problem[] = [];
  const edges: unknown[] = [];
  const list = document['edges'] ?? [];
  if (!Array.isArray(list)) problems.push(invalid('edges', 'must be a list of "node.port -> node.port"'));
  else {
    list.forEach((entry, index) => {
      const edge = typeof entry === 'string' ? parseEdge(entry) : null;
      if (edge) edges.push(edge);
      else problems.push(invalid(`edges.${index}`, `must be of the form "node.port -> node.port", is ${JSON.stringify(entry)}`));
    });
  }
  for (const part of ['nodes', 'layout', 'parameters', 'retired']) {
    // The schema's records drop this key silently.
    if (isObject(document[part]) && Object.hasOwn(document[part], '__proto__'))
      problems.push(invalid(`${part}.__proto__`, part === 'parameters' ? 'a parameter cannot have this name' : badId));
  }
  const { format: _format, formatVersion: _version, ...rest } = document;
  const parsed = pipelineSchema.safeParse({ name: 'Untitled', parameters: {}, nodes: {}, layout: {}, ...(joinLines(rest) as object), edges });
  for (const issue of parsed.error?.issues ?? []) problems.push(invalid(issue.path.join('.'), issue.code === 'invalid_key' ? badId : issue.message));
  if (problems.length > 0 || !parsed.success) return { ok: false, reason: 'invalid', problems };
  return { ok: true, pipeline: canonical(parsed.data), migrated };
}

/** The text of a pipeline's file: two-space JSON, keys in a fixed order, one line for each edge and each place, a newline at the end. */
export function formatPipeline(pipeline: Pipeline): string {
  const { name, description, parameters, nodes, edges, layout, retired } = canonical(pipeline);
  const document: Record<string, unknown> = { format: fileFormat, formatVersion: newestVersion(documentMigrations), name };
  if (description) document['description'] = description;
  document['parameters'] = parameters;
  document['nodes'] = splitLines(
    mapValues(nodes, ({ type, typeVersion, title, note, params, onError }) => ({
      type,
      typeVersion,
      ...(title ? { title } : {}),
      ...(note ? { note } : {}),
      ...(onError ? { onError } : {}),
      params,
    })) as Json,
  );
  document['edges'] = edges.map((edge) => `${edge.from.node}.${edge.from.port} -> ${edge.to.node}.${edge.to.port}`);
  if (retired) document['retired'] = retired;
  const places = Object.entries(layout).map(([id, at]) => `    ${JSON.stringify(id)}: { "x": ${at.x}, "y": ${at.y} }`);
  const body = JSON.stringify(document, null, 2).replace(/\n\}$/, '');
  return `${body},\n  "layout": {${places.length > 0 ? `\n${places.join(',\n')}\n  ` : ''}}\n}\n`;
}

/** The same pipeline with nodes, layout and edges sorted by id, and without layout of missing nodes, so that equal documents have equal texts. */
export function canonical(pipeline: Pipeline): Pipeline {
  const { nodes, edges, layout, retired, ...rest } = inFileOrder(pipeline);
  const places = Object.keys(nodes).filter((id) => Object.hasOwn(layout, id));
  const past = Object.entries(retired ?? {}).sort(byId);
  return {
    ...rest,
    nodes,
    edges: [...new Map(edges.map((edge) => [edgeId(edge), edge])).values()],
    layout: Object.fromEntries(places.map((id) => [id, layout[id] ?? missing(`the place of "${id}"`)])),
    ...(past.length > 0 ? { retired: Object.fromEntries(past) } : {}),
  };
}

/** The pipeline with nodes and edges in the order of its file, so that whatever depends on an order is the same before and after saving. */
export function inFileOrder(pipeline: Pipeline): Pipeline {
  return {
    ...pipeline,
    nodes: Object.fromEntries(Object.entries(pipeline.nodes).sort(byId)),
    edges: pipeline.edges
      .map((edge) => [edgeId(edge), edge] as const)
      .sort(byId)
      .map(([, edge]) => edge),
  };
}

function byId(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function parseEdge(text: string): Edge | null {
  const match = /^\s*([^.\s]+)\.([^.\s]+)\s*->\s*([^.\s]+)\.([^.\s]+)\s*$/.exec(text);
  if (!match) return null;
  const [, from = '', output = '', to = '', input = ''] = match;
  return { from: { node: from, port: output }, to: { node: to, port: input } };
}

/**
 * Text of several lines is a list of lines in the file, so that a diff shows the line that changed. An object that already looks like such
 * a list gets one more `$` in the file.
 */
function splitLines(value: Json): Json {
  if (typeof value === 'string') return value.includes('\n') ? { $lines: value.split('\n') } : value;
  if (Array.isArray(value)) return value.map(splitLines);
  if (!isObject(value)) return value;
  const key = linesKey(value);
  return key === null ? mapValues(value, splitLines) : { [`$${key}`]: splitLines(value[key] ?? null) };
}

function joinLines(value: Json): Json {
  if (Array.isArray(value)) return value.map(joinLines);
  if (!isObject(value)) return value;
  const key = linesKey(value);
  if (key === null) return mapValues(value, joinLines);
  const lines = value[key] ?? null;
  if (key === '$lines' && Array.isArray(lines) && lines.every((line) => typeof line === 'string')) return lines.join('\n');
  return { [key === '$lines' ? key : key.slice(1)]: joinLines(lines) };
}

/** The only key of an object, if it is `$lines` or that with more `$`. */
function linesKey(value: Document): string | null {
  const keys = Object.keys(value);
  const [only = '', ...others] = keys;
  return others.length === 0 && /^\$+lines$/.test(only) ? only : null;
}

function notJson(text: string, error: Error): LoadResult {
  // V8 gives no position at the end of the text, and none in a very short text.
  const at = /position (\d+)/.exec(error.message);
  const ended = /Unexpected end/.test(error.message);
  const offset = at ? Number(at[1]) : ended ? text.length : 0;
  const before = text.slice(0, offset).split('\n');
  const line = before.length;
  const truncated = ended || offset >= text.trimEnd().length;
  return {
    ok: false,
    reason: 'notJson',
    problems: [
      {
        code: 'pipeline/not-json',
        severity: 'error',
        message: truncated
          ? `The file ends too early, in line ${line}: it is cut off.`
          : `The file is not valid JSON in line ${line}: ${error.message.replace(/(,.*)? (in JSON|is not valid JSON).*$/s, '')}.`,
        hint: 'Restore the file from a copy, or fix that line in a text editor.',
        range: { line, column: lastOf(before).length + 1 },
      },
    ],
  };
}

const codeOf: { readonly [reason in LoadFailure]: ProblemCode } = {
  empty: 'pipeline/empty',
  tooDeep: 'pipeline/too-deep',
  notJson: 'pipeline/not-json',
  notOurs: 'pipeline/not-ours',
  tooNew: 'pipeline/too-new',
  invalid: 'pipeline/invalid',
  migrationFailed: 'pipeline/migration-failed',
};

function failure(reason: LoadFailure, message: string, hint: string, field?: string): LoadResult {
  return { ok: false, reason, problems: [{ code: codeOf[reason], severity: 'error', message, hint, ...(field ? { field } : {}) }] };
}

function invalid(field: string, what: string): Problem {
  return {
    code: 'pipeline/invalid',
    severity: 'error',
    message: `"${field}" in the file: ${what}.`,
    hint: 'Fix this entry in a text editor, or restore the file from a copy.',
    field,
  };
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValues<V, W>(record: { readonly [key: string]: V }, change: (value: V) => W): { [key: string]: W } {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
