import type { FieldManifest, Problem } from '../../../engine/protocol/messages.ts';

type Fields = { readonly [name: string]: FieldManifest };

/**
 * Where a problem is, in a few words: `where, line 3, column 7`, `readings.csv, line 1204`, or both with a dot between them. Empty if it
 * has no place. `fields` are the params of its node, for their labels.
 */
export function locationOf(problem: Problem, fields: Fields = {}): string {
  const parts: string[] = [];
  const places: string[] = [];
  if (problem.field) parts.push(fieldName(problem.field, fields));
  else if (problem.port && !problem.message.toLowerCase().includes(`"${problem.port.toLowerCase()}"`)) parts.push(`port ${problem.port}`);
  if (problem.range) parts.push(`line ${problem.range.line}, column ${problem.range.column}`);
  if (problem.position) {
    const { source, line, toLine } = problem.position;
    // A whole file that the message already names adds nothing.
    if (line !== undefined || !problem.message.includes(source)) places.push(source);
    if (line !== undefined) places.push(toLine !== undefined && toLine !== line ? `lines ${line} to ${toLine}` : `line ${line}`);
  }
  return [parts, places].flatMap((words) => (words.length > 0 ? [words.join(', ')] : [])).join(' · ');
}

/** `columns.1.expression` in words: `Column 2, Expression`. */
function fieldName(path: string, fields: Fields): string {
  const [name = '', index, part] = path.split('.');
  const field = fields[name];
  if (!field) return path;
  if (field.kind !== 'list' || index === undefined) return field.label;
  const item = `${field.itemLabel ?? field.label} ${Number(index) + 1}`;
  const inner = part === undefined ? undefined : field.item?.[part]?.label;
  return inner ? `${item}, ${inner}` : item;
}
