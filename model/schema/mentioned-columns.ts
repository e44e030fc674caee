import type { Column } from '../values/types.ts';

const words = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;
const quoted = /"([^"\\\n]*)"|'([^'\\\n]*)'|`([^`\\$]*)`/g;
const reads = /\brow\s*(?:\?\.|\.)\s*(?=[\p{ID_Start}$_])|\brow\s*(?:\?\.)?\s*\[\s*(?=(?:"[^"\\\n]*"|'[^'\\\n]*'|`[^`\\$]*`)\s*\])/gu;

/**
 * The columns that an expression over `row` may depend on, from its text; if in doubt, included. Null if it may use all of them (`{ ...row
 * }`). So thousands of expressions over thousands of columns cost no more than their texts.
 */
export function mentionedColumns(source: string, find: (name: string) => Column | undefined): Column[] | null {
  // An escape may spell any name; and `row` by itself is all columns.
  if (source.includes('\\u') || /\brow\b/.test(source.replace(reads, ' '))) return null;
  const names = new Set(source.match(words));
  for (const [, double, single, template] of source.matchAll(quoted)) names.add(double ?? single ?? template ?? '');
  return [...names].flatMap((name) => find(name) ?? []);
}
