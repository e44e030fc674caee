import { didYouMean } from '../../model/text/closest.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { definitions } from '../../nodes/index.ts';
import { Catalogue } from '../plan/catalogue.ts';
import type { FieldManifest, NodeManifest } from '../protocol/messages.ts';
import { alignedTable, paint } from './report.ts';

/** `millrace nodes [TYPE]`. */
export async function nodes(type: string | undefined, options: { readonly json?: boolean }): Promise<number> {
  const manifests = new Catalogue(definitions).manifests();
  if (type === undefined) {
    process.stdout.write(options.json ? `${visibleJson(manifests)}\n` : `${list(manifests)}\n`);
    return 0;
  }
  const manifest = manifests.find((candidate) => candidate.type === type);
  if (!manifest) {
    const known = manifests.map((candidate) => candidate.type);
    process.stderr.write(`There is no node type "${visible(type)}"${didYouMean(type, known)}.\n  "millrace nodes" lists them.\n`);
    return 2;
  }
  process.stdout.write(options.json ? `${visibleJson(manifest)}\n` : `${describe(manifest)}\n`);
  return 0;
}

function list(manifests: readonly NodeManifest[]): string {
  const rows = manifests.map(({ category, type, kind, summary }) => [category, type, kind, summary]);
  return alignedTable(['category', 'type', 'kind', 'what it does'], rows, [], 100);
}

function describe(manifest: NodeManifest): string {
  const { title, type, kind, category, version, summary, inputs, outputs, params, docs } = manifest;
  const ports = (list: NodeManifest['inputs']) =>
    list.map((port) => `${port.name}${port.many ? ' (many)' : port.optional ? ' (optional)' : ''}`).join(', ') || 'none';
  const rows = Object.entries(params).flatMap(([name, field]) => paramRows(name, field));
  return [
    `${paint(title, 'bold')}  ${type}, ${kind}, ${category}, version ${version}`,
    summary,
    '',
    `inputs:  ${ports(inputs)}`,
    `outputs: ${ports(outputs)}`,
    '',
    rows.length > 0 ? alignedTable(['param', 'kind', 'default', 'what it is'], rows, [], 90) : 'It has no params.',
    '',
    docs.trim(),
  ].join('\n');
}

function paramRows(name: string, field: FieldManifest): string[][] {
  const fallback = field.default === undefined ? (field.optional ? '' : 'required') : JSON.stringify(field.default);
  const choices = field.options ? ` (${field.options.map((option) => option.value).join(' | ')})` : '';
  const items = Object.entries(field.item ?? {}).flatMap(([inner, item]) => paramRows(`${name}.*.${inner}`, item));
  return [[name, field.kind, fallback, `${field.label}${choices}${field.help ? `. ${field.help}` : ''}`], ...items];
}
