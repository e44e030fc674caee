/** Params according to their declaration: defaults, completion, validation. Total over whatever a file or a plug-in contains. */
import type { ProblemCode } from '../model/problems/codes/index.ts';
import { didYouMean } from '../model/text/closest.ts';
import { nameList } from '../model/text/name-list.ts';
import { readSecretReference } from '../model/text/secret-reference.ts';
import { durationText } from '../model/time/duration.ts';
import { exactNumber } from '../model/values/exact-number.ts';
import type { Json, Schema } from '../model/values/types.ts';
import { findColumn } from './columns.ts';
import { type ColumnField, conditionOperators, type Field, type Fields } from './fields.ts';
import type { NodeProblem } from './node.ts';

export type Params = { readonly [name: string]: Json };
/** By input port, in the order of the ports: the incoming schema, or null while unknown. */
export type ParamInputs = { readonly [port: string]: Schema | null };

/** A new node's params. A required field without a default gets its kind's empty value, which validation then reports as missing. */
export function defaultsOf(fields: Fields): Params {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field)]));
}

/** The params that the declaration has, with defaults filled in, also in the items of lists. Values are not checked. */
export function completeParams(fields: Fields, raw: Params): Params {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const value = own(raw, name);
      if (value === undefined || (value === null && !field.optional)) return [name, defaultOf(field)];
      if (field.kind === 'list' && Array.isArray(value)) {
        return [name, value.map((item: Json) => (isObject(item) ? completeParams(field.item, item) : item))];
      }
      return [name, value];
    }),
  );
}

/**
 * Checks params and completes them. `params` always has the declared form, so that `infer`, `card` and the form may rely on it: a value of
 * a wrong kind is reported and replaced by the default. Columns are looked up in `inputs` if these are known. A field that its `when` hides
 * is neither required nor reported.
 */
export function validateParams(fields: Fields, raw: Params, inputs: ParamInputs): { readonly params: Params; readonly problems: readonly NodeProblem[] } {
  const problems: NodeProblem[] = [];
  const report = (problem: NodeProblem) => problems.push(problem);
  const suggest = (name: string, candidates: Iterable<string>) => (problems.length < mostSuggestions ? didYouMean(name, candidates) : '');
  return { params: readFields(fields, raw, { path: '', inputs, report, suggest }), problems };
}

/** Whether a field applies while its siblings have these (complete) values: its `when` holds, and that of the field it depends on. */
export function isShown(fields: Fields, name: string, values: Params): boolean {
  const when = fields[name]?.when;
  if (!when) return true;
  const value = own(values, when.param);
  return when.is.some((wanted) => wanted === value) && isShown(fields, when.param, values);
}

/** Suggestions for misspelt names are expensive: only this many problems of one node get them. */
const mostSuggestions = 20;

interface Place {
  /** Of the field: `columns.2.expression`. */
  readonly path: string;
  readonly inputs: ParamInputs;
  report(problem: NodeProblem): void;
  /** `didYouMean`, or nothing. */
  suggest(name: string, candidates: Iterable<string>): string;
}

const silently = () => {};
const notWritten = 'files hold none of their texts';
const storeIt =
  'Store it as a secret: enter it again in the form, or run "millrace secrets set NAME" and write ${secret:NAME} here. Then change it where it is used: others may have read it.';

function readFields(fields: Fields, raw: Params, place: Place): Params {
  const values = completeParams(fields, raw);
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(fields, name)) {
      const message = `There is no param "${name}"${place.suggest(name, Object.keys(fields))}`;
      place.report({
        code: 'params/unknown',
        severity: 'warning',
        message,
        hint: 'Remove it from the file: it has no effect.',
        field: join(place.path, name),
        fix: { title: `Remove "${name}"`, remove: name, ...(place.path !== '' && { within: place.path }) },
      });
    }
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const shown = isShown(fields, name, values);
      // The items of a list as given: each reports unknown fields.
      const value = (field.kind === 'list' ? own(raw, name) : null) ?? values[name] ?? null;
      return [name, readField(field, value, { ...place, path: join(place.path, name), report: shown ? place.report : silently })];
    }),
  );
}

function readField(field: Field, value: Json, place: Place): Json {
  const isEmpty = value === null || value === '';
  if (isEmpty && field.optional) return null;
  if (isEmpty && field.default !== value && requiresContent(field)) {
    place.report(error('params/missing', `${field.label} is missing`, `Fill in "${field.label}".`, place));
    return stopgapOf(field);
  }
  const read = readKind(field, value, place);
  if (read !== undefined) return read;
  place.report(wrongKind(field, value, place));
  return stopgapOf(field);
}

function wrongKind(field: Field, value: Json, place: Place): NodeProblem {
  const message = `${field.label} must be ${kindNames[field.kind]}, but is ${nameOf(value)}`;
  if (typeof value === 'string' && field.kind === 'duration') {
    return error('params/kind', message, 'Write a number with a unit: 500ms, 10s, 5m, 1h, 1d (in a file, milliseconds as a number).', place);
  }
  const read = typeof value === 'string' && field.kind === 'number' ? exactNumber(value) : null;
  if (read === null || read.ok) return error('params/kind', message, `Set "${field.label}" again.`, place);
  return error('params/kind', read.why === 'is not a number' ? message : `${field.label}: ${value} ${read.why}`, read.hint, place);
}

/** The value as the field's kind, with its constraints checked; undefined if it is of another kind. */
function readKind(field: Field, value: Json, place: Place): Json | undefined {
  switch (field.kind) {
    case 'text':
      if (typeof value !== 'string') return undefined;
      if (field.pattern !== undefined && !new RegExp(`^(?:${field.pattern})$`, 'u').test(value)) {
        place.report(error('params/pattern', `${field.label} cannot be "${value}"`, field.help ?? `It must match ${field.pattern}.`, place));
      }
      return value;
    case 'expression':
    case 'code':
    case 'sql':
    case 'connection':
      return typeof value === 'string' ? value : undefined;
    case 'secret':
      if (value === '' || (typeof value === 'string' && readSecretReference(value))) return value;
      // Without the value: it may be the secret itself.
      place.report(error('secret/written', `${field.label} must be the name of a secret, and is not: ${notWritten}`, storeIt, place));
      return '';
    case 'file':
      if (typeof value !== 'string') return undefined;
      if (value.includes('\0'))
        place.report(error('params/file-name', `${field.label} cannot hold a NUL character: no system has such names`, 'Enter the path again.', place));
      return value;
    case 'number':
    case 'duration':
      return readNumber(field, value, place);
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'choice': {
      if (typeof value !== 'string') return undefined;
      const options = field.options.map((option) => option.value);
      if (options.includes(value)) return value;
      place.report(
        error('params/choice', `${field.label} cannot be "${value}"${place.suggest(value, options)}`, `Choose one of: ${options.join(', ')}.`, place),
      );
      return defaultOf(field);
    }
    case 'column':
      if (typeof value !== 'string') return undefined;
      checkColumn(field, value, place);
      return value;
    case 'columns':
      return readColumns(field, value, place);
    case 'keyValue':
      return readKeyValue(field, value, place);
    case 'list':
      if (!Array.isArray(value)) return undefined;
      checkCount(field, value.length, field.itemLabel, place);
      return value.map((item: Json, i) => {
        const path = join(place.path, i);
        if (!isObject(item))
          place.report(error('params/kind', `${field.itemLabel} ${i + 1} must be an object, but is ${nameOf(item)}`, 'Remove it.', { path }));
        return readFields(field.item, isObject(item) ? item : {}, { ...place, path });
      });
    case 'condition':
      return readCondition(field, value, place);
  }
}

function readNumber(field: Field & { readonly kind: 'number' | 'duration' }, value: Json, place: Place): Json | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const { min, max, integer, unit } = { max: undefined, unit: undefined, integer: field.kind === 'duration', ...field };
  const said = (limit: number) => (field.kind === 'duration' ? durationText(limit) : unit ? `${limit} ${unit}` : String(limit));
  const refuse = (rule: string, hint: string) => place.report(error('params/range', `${field.label} must be ${rule}, but is ${said(value)}`, hint, place));
  if (integer && !Number.isInteger(value)) refuse('a whole number', 'Leave out its fraction.');
  else if (integer && !Number.isSafeInteger(value)) refuse('a whole number within 2^53', `Write at most ${Number.MAX_SAFE_INTEGER}.`);
  else if (min !== undefined && value < min) refuse(`at least ${said(min)}`, `Write ${said(min)} or more.`);
  else if (max !== undefined && value > max) refuse(`at most ${said(max)}`, `Write ${said(max)} or less.`);
  return value;
}

function readColumns(field: Field & { readonly kind: 'columns' }, value: Json, place: Place): Json | undefined {
  if (!isTexts(value)) return undefined;
  checkCount(field, value.length, 'column', place);
  const firsts = new Map(value.map((column, i) => [column, i] as const).reverse());
  value.forEach((column, i) => {
    const at = { ...place, path: join(place.path, i) };
    if (firsts.get(column) !== i) place.report(error('params/duplicate', `Column "${column}" is named twice`, 'Remove one of them.', at));
    else checkColumn(field, column, at);
  });
  return value;
}

function readKeyValue(field: Field & { readonly kind: 'keyValue' }, value: Json, place: Place): Json | undefined {
  if (!isObject(value) || !isTexts(Object.values(value))) return undefined;
  const { options } = field;
  for (const [key, text] of Object.entries(value)) {
    if (!options || options.includes(text as string)) continue;
    const message = `${field.label}: "${key}" cannot be "${text}"${place.suggest(text as string, options)}`;
    place.report(error('params/choice', message, `Choose one of: ${options.join(', ')}.`, { path: join(place.path, key) }));
  }
  return value;
}

function readCondition(field: Field & { readonly kind: 'condition' }, value: Json, place: Place): Json | undefined {
  if (!isObject(value) || (value['match'] !== 'all' && value['match'] !== 'any') || !Array.isArray(value['rules'])) return undefined;
  const rules: Json[] = [];
  for (const [i, rule] of value['rules'].entries()) {
    if (!isObject(rule) || typeof rule['column'] !== 'string') return undefined;
    const { column, operator, value: operand = '' } = rule;
    if (!conditionOperators.some((known) => known === operator) || typeof operand !== 'string') return undefined;
    const at = { ...place, path: join(place.path, `rules.${i}.column`) };
    if (column === '') place.report(error('params/missing', `Condition ${i + 1} names no column`, 'Choose its column.', at));
    else checkColumn(field, column, at);
    rules.push({ column, operator: operator as string, value: operand });
  }
  return { match: value['match'], rules };
}

function checkColumn(field: Field & { readonly kind: 'column' | 'columns' | 'condition' }, name: string, place: Place): void {
  const schema = 'of' in field && field.of === 'output' ? null : place.inputs[field.input ?? Object.keys(place.inputs)[0] ?? ''];
  if (schema) checkColumnIn(schema, field, name, place);
}

/** The error of this column for a field that names one of the node's own output, before the node itself changes its type. */
export function outputColumnProblem(schema: Schema, field: ColumnField, name: string, path: string): NodeProblem | null {
  const problems: NodeProblem[] = [];
  checkColumnIn(schema, field, name, { path, report: (problem) => problems.push(problem), suggest: didYouMean });
  return problems[0] ?? null;
}

function checkColumnIn(
  schema: Schema,
  field: Field & { readonly kind: 'column' | 'columns' | 'condition' },
  name: string,
  place: Pick<Place, 'path' | 'report' | 'suggest'>,
): void {
  const column = findColumn(schema, name);
  if (!column) {
    const names = namesOf(schema);
    const message = `There is no column "${name}"${place.suggest(name, names)}`;
    place.report(error('params/no-column', message, names.length > 0 ? `The columns are ${nameList(names)}.` : 'There are no columns.', place));
    return;
  }
  const types = 'types' in field ? field.types : undefined;
  if (types && !types.includes(column.type)) {
    const message = `Column "${name}" is of type ${column.type}, but ${field.label} needs ${types.join(' or ')}`;
    place.report(error('params/column-type', message, 'Choose another column, or cast this one first.', place));
  }
}

function checkCount(field: Field & { readonly min?: number }, count: number, item: string, place: Place): void {
  if (field.min === undefined || count >= field.min) return;
  const wanted = field.min === 1 ? `a ${item.toLowerCase()}` : `${field.min} ${item.toLowerCase()}s`;
  place.report(error('params/missing', `${field.label} needs at least ${wanted}`, `Add ${wanted}.`, place));
}

/** The columns at an input, listed again for each name that is not among them. */
const knownNames = new WeakMap<Schema, readonly string[]>();
function namesOf(schema: Schema): readonly string[] {
  const known = knownNames.get(schema) ?? schema.columns.map(({ name }) => name);
  knownNames.set(schema, known);
  return known;
}

/** Kinds for which an empty value means "not filled in". */
function requiresContent(field: Field): boolean {
  return emptyOf(field) === '' || emptyOf(field) === null;
}

function defaultOf(field: Field): Json {
  if (field.default !== undefined) return field.default as Json;
  return field.optional ? null : emptyOf(field);
}

/** A value of the field's kind, with which `infer` and `card` can work while the real one is missing. */
function stopgapOf(field: Field): Json {
  const value = defaultOf(field);
  if (value !== null || field.optional) return value;
  return 'min' in field ? (field.min ?? 0) : 0;
}

function emptyOf(field: Field): Json {
  switch (field.kind) {
    case 'number':
    case 'duration':
      return null;
    case 'boolean':
      return false;
    case 'choice':
      return field.options[0]?.value ?? '';
    case 'columns':
    case 'list':
      return [];
    case 'keyValue':
      return {};
    case 'condition':
      return { match: 'all', rules: [] };
    default:
      return '';
  }
}

const kindNames: Readonly<Record<Field['kind'], string>> = {
  text: 'a text',
  number: 'a number',
  duration: 'a duration',
  choice: 'one of its options',
  boolean: 'true or false',
  column: 'the name of a column',
  columns: 'a list of column names',
  expression: 'an expression, as text',
  code: 'code, as text',
  sql: 'SQL, as text',
  file: 'a path',
  secret: 'the name of a secret',
  connection: 'the name of a connection',
  keyValue: 'an object of texts',
  list: 'a list',
  condition: 'a condition ({ match, rules: [{ column, operator, value }] })',
};

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`;
}

function error(code: ProblemCode, message: string, hint: string, { path }: { readonly path: string }): NodeProblem {
  return { code, severity: 'error', message, hint, field: path };
}

function join(path: string, name: string | number): string {
  return path === '' ? String(name) : `${path}.${name}`;
}

function own(record: Params, name: string): Json | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function isObject(value: Json | undefined): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: Json | readonly Json[]): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
