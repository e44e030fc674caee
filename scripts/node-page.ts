/** The documentation page of a node, as Markdown. */

import type { ConnectionDefinition } from '@millrace/kit/connection';
import type { Field, Fields } from '@millrace/kit/fields';
import type { Example, NodeDefinition, Port } from '@millrace/kit/node';
import { completeParams, defaultsOf, type Params } from '@millrace/kit/params';
import { exampleFile } from '@millrace/kit/testing/example-files';
import { inputsOf, outputsOf } from '../engine/plan/catalogue.ts';
import { traitsOfNode } from '../engine/plan/lower.ts';
import type { Row, Value } from '../model/values/types.ts';
import { formatValue } from '../model/values/values.ts';

export function nodePage(definition: NodeDefinition): string {
  const { type, kind, title, summary, category, version, docs, params, examples } = definition;
  const parts = [
    `# ${title}`,
    summary,
    `\`${type}\` · ${kind} · ${category} · version ${version}`,
    docs.trim(),
    ports('Inputs', definition, inputsOf(definition)),
    ports('Outputs', definition, outputsOf(definition)),
    paramTable(params),
    '## Examples',
    ...examples.map(examplePart),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

export function connectionPage({ type, title, summary, version, docs, params }: ConnectionDefinition): string {
  const about = 'How connections are made and where their secrets are kept: [Connections and secrets](../connections.md).';
  const parts = [`# ${title} connections`, summary, `\`${type}\` · connection · version ${version}`, docs.trim(), about, paramTable(params)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function ports(heading: string, definition: NodeDefinition, list: readonly Port[]): string {
  if (list.length === 0) return '';
  const traits = variants(definition).flatMap((params) => traitsOfNode(definition, params, {}) ?? []);
  const rules = (port: Port) =>
    [
      port.many ? 'takes any number of edges' : '',
      port.optional ? 'may stay unconnected' : '',
      port.late ? 'rows that came too late' : '',
      port.absentWhen ? `none while \`${port.absentWhen.param}\` is ${port.absentWhen.is.map((value) => `\`${value}\``).join(' or ')}` : '',
      ruleOf(
        'is read to its end first',
        traits.map(({ first }) => first.includes(port.name)),
      ),
      ruleOf(
        'must end',
        traits.map(({ bounded }) => bounded.includes(port.name)),
      ),
    ]
      .filter((rule) => rule !== '')
      .join('; ');
  return `## ${heading}\n\n${list.map((port) => `- \`${port.name}\`${port.label ? ` ${port.label}` : ''}${rules(port) === '' ? '' : `: ${rules(port)}`}`).join('\n')}`;
}

/** `holds`: for each of the variants. */
function ruleOf(words: string, holds: readonly boolean[]): string {
  if (!holds.includes(true)) return '';
  return holds.includes(false) ? `${words}, depending on the params` : words;
}

/** Params between which a node may differ in what it needs: the defaults, each with one choice taken, and those of the examples. */
function variants({ params, examples }: NodeDefinition): Params[] {
  const defaults = defaultsOf(params);
  const choices = Object.entries(params as Fields).flatMap(([name, field]) =>
    field.kind === 'choice' ? field.options.map(({ value }): Params => ({ ...defaults, [name]: value })) : [],
  );
  return [defaults, ...choices, ...examples.map((example): Params => completeParams(params, example.params as Params))];
}

function paramTable(fields: Fields): string {
  const rows = paramRows(fields, '');
  return rows.length === 0 ? '' : `## Params\n\n${table(['param', 'label', 'kind', 'default', ''], rows)}`;
}

function paramRows(fields: Fields, prefix: string): string[][] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = prefix + name;
    const row = [`\`${path}\``, inCell(field.label), kindOf(field), defaultOf(field), noteOf(field)];
    return field.kind === 'list' ? [row, ...paramRows(field.item, `${path}[].`)] : [row];
  });
}

function kindOf(field: Field): string {
  const { min, max, unit } = { min: undefined, max: undefined, unit: undefined, ...(field.kind === 'number' ? field : {}) };
  const range = min === undefined && max === undefined ? '' : ` ${min ?? ''}..${max ?? ''}`;
  switch (field.kind) {
    case 'choice':
      return field.options.map((option) => `\`${option.value}\``).join(', ');
    case 'number':
      return `${field.integer ? 'integer' : 'number'}${range}${unit ? ` ${unit}` : ''}`;
    case 'duration':
      return 'duration (ms)';
    case 'keyValue':
      return field.options ? `key = ${field.options.map((option) => `\`${option}\``).join(', ')}` : 'key = value';
    case 'column':
    case 'columns':
      return field.types ? `${field.kind} (${field.types.join(', ')})` : field.kind;
    default:
      return field.kind;
  }
}

function defaultOf(field: Field): string {
  if (field.optional && field.default === undefined) return 'none';
  if (field.default === undefined) return requiresValue(field) ? '*required*' : '';
  const text = JSON.stringify(field.default);
  return text.length > 40 ? '' : `\`${inCell(text)}\``;
}

function requiresValue(field: Field): boolean {
  return !['columns', 'list', 'keyValue', 'condition', 'boolean', 'choice'].includes(field.kind) || ('min' in field && (field.min ?? 0) > 0);
}

function noteOf(field: Field): string {
  const when = field.when ? `Where \`${field.when.param}\` is ${field.when.is.map((value) => `\`${value}\``).join(' or ')}.` : '';
  const options = field.kind === 'choice' ? field.options.filter((option) => option.help).map((option) => `\`${option.value}\`: ${option.help}`) : [];
  return inCell([field.help ?? '', ...options, when].filter((text) => text !== '').join(' '));
}

function examplePart(example: Example): string {
  const parts = [`### ${example.title}`];
  if (Object.keys(example.params).length > 0) parts.push(paramText(example.params));
  for (const [path, content] of Object.entries(example.files ?? {})) {
    parts.push(`\`${path}\`${typeof content === 'string' ? `:\n\n${fence(shorten(content))}` : ` (${exampleFile(content).length} bytes)`}`);
  }
  const several = (ports: object) => Object.keys(ports).length > 1;
  for (const [port, rows] of Object.entries(example.inputs ?? {}))
    parts.push(`${several(example.inputs!) ? `In, \`${port}\`:` : 'In:'}\n\n${rowTable(rows ?? [])}`);
  for (const [port, rows] of Object.entries(example.outputs ?? {}))
    parts.push(`${several(example.outputs!) ? `Out, \`${port}\`:` : 'Out:'}\n\n${rowTable(rows ?? [])}`);
  for (const [path, written] of Object.entries(example.writes ?? {})) {
    if (typeof written === 'string') parts.push(`Written to \`${path}\`:\n\n${fence(shorten(written))}`);
    else for (const [name, rows] of Object.entries(written)) parts.push(`Table \`${name}\` of \`${path}\`:\n\n${rowTable(rows ?? [])}`);
  }
  if (example.failures && example.failures.length > 0) parts.push(`Reported:\n\n${example.failures.map((text) => `- ${text}`).join('\n')}`);
  return parts.join('\n\n');
}

/** Code as code, everything else as JSON. */
function paramText(params: { readonly [name: string]: unknown }): string {
  const isCode = (value: unknown): value is string => typeof value === 'string' && value.includes('\n');
  const plain = Object.fromEntries(Object.entries(params).filter(([, value]) => !isCode(value)));
  const blocks = Object.keys(plain).length > 0 ? [fence(JSON.stringify(plain, null, 2), 'json')] : [];
  for (const [name, value] of Object.entries(params)) if (isCode(value)) blocks.push(`\`${name}\`:\n\n${fence(value.trimEnd(), 'ts')}`);
  return blocks.join('\n\n');
}

function rowTable(rows: readonly { readonly [column: string]: Value }[]): string {
  if (rows.length === 0) return '(no rows)';
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = rows.slice(0, maxRows).map((row: Row) => names.map((name) => cell(row[name])));
  const rest = rows.length > maxRows ? `\n\n… and ${rows.length - maxRows} more` : '';
  return `${table(names.map(inCell), shown)}${rest}`;
}

const maxRows = 12;

function cell(value: Value | undefined): string {
  if (value === undefined) return '';
  if (value === null) return '*null*';
  const text = typeof value === 'object' ? formatValue(value, value instanceof Uint8Array ? 'bytes' : 'json') : String(value);
  return text === '' ? '""' : inCell(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function fence(text: string, language = ''): string {
  const ticks = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${ticks}${language}\n${text.replace(/\n$/, '')}\n${ticks}`;
}

function shorten(text: string): string {
  const lines = text.split('\n');
  return lines.length > maxRows ? `${lines.slice(0, maxRows).join('\n')}\n…` : text;
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\r?\n/g, ' ');
}
