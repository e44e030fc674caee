import { caster } from '@millrace/kit/formats/casting';
import { jsonFieldReader } from '@millrace/kit/formats/json-fields';
import { formatLabel, namedReader } from '@millrace/kit/formats/log-formats';
import { readLogfmt } from '@millrace/kit/formats/logfmt';
import { patternSource } from '@millrace/kit/formats/patterns';
import type { Operator } from '@millrace/kit/node';
import { type ExtractByFormat, type ExtractByPairs, type ExtractByPattern, type ExtractOp, extractedColumns } from '@millrace/kit/row-ops';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json, Row, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource, compile, rowSource } from './rows.ts';

/** The values of the columns that are added. */
type Reader = (row: Row) => readonly Value[];

export function extracting(op: ExtractOp, context: RowsContext): Operator {
  const { columns } = context.outputs.rows;
  const read = readerOf(op, context);
  const kept = columns.length - extractedColumns(op).length;
  const fields = columns.map(({ name }, i) => ({ name, source: i < kept ? columnSource(name) : `made[${i - kept}]` }));
  const toRow = compile<(row: Row, made: readonly Value[]) => Row>(`(row, made) => (${rowSource(fields)})`);
  return { map: (row) => toRow(row, read(row)) };
}

function readerOf({ column, by }: ExtractOp, context: RowsContext): Reader {
  switch (by.kind) {
    case 'pattern':
      return patternReader(column, by, context);
    case 'logfmt':
      return pairsReader(column, by);
    case 'log':
      return formatReader(column, by, context);
    case 'json': {
      const read = jsonFieldReader(by.columns, column, by.unfit, 'extract/cast');
      return (row) => read(row[column] as Json);
    }
  }
}

function formatReader(column: string, by: ExtractByFormat, { now, log }: RowsContext): Reader {
  const { format, zone, unmatched } = by;
  const reader = namedReader(format, zone ?? 'UTC', now);
  const none = extractedColumns({ by }).map(() => null);
  let isTold = false;
  return (row) => {
    const text = row[column] as string | null;
    if (text === null) return none;
    const values = reader.read(text);
    if (reader.hasCutTimes && !isTold) {
      isTold = true;
      log('info', 'Times are finer than a millisecond: they are cut to it.');
    }
    if (typeof values !== 'string') return values;
    if (unmatched === 'null') return none;
    const hint = 'Choose the format that it has, or let texts that do not match leave null.';
    throw new MillraceError({ code: 'extract/no-match', message: `${shown(text)} is not in the ${formatLabel(format)}: ${values}`, hint, field: 'by' });
  };
}

function pairsReader(column: string, { columns, unmatched, unfit }: ExtractByPairs): Reader {
  const casts = columns.map(({ key, type, field }) => ({ key, cast: caster({ name: key, type: 'string' }, type, unfit, 'extract/cast', field) }));
  const none = columns.map(() => null);
  return (row) => {
    const text = row[column] as string | null;
    if (text === null) return none;
    const found = readLogfmt(text);
    if (typeof found !== 'string') return casts.map(({ key, cast }) => cast(found.pairs.get(key) ?? null));
    if (unmatched === 'null') return none;
    const hint = 'Choose another way to extract, or let texts that do not match leave null.';
    throw new MillraceError({ code: 'extract/no-match', message: `${shown(text)} is not made of pairs: ${found}`, hint, field: 'by' });
  };
}

function patternReader(column: string, by: ExtractByPattern, { expression }: RowsContext): Reader {
  const { pattern, ignoreCase, columns, unmatched, unfit } = by;
  const match = expression(`${patternSource(pattern.pattern, ignoreCase ? 'iu' : 'u')}.exec(${columnSource(column)})`, pattern.field);
  const casts = columns.map(({ name, type, field }) => ({ name, cast: caster({ name, type: 'string' }, type, unfit, 'extract/cast', field) }));
  const none = columns.map(() => null);
  return (row) => {
    const text = row[column] as string | null;
    if (text === null) return none;
    const found = match(row) as RegExpExecArray | null;
    if (found) return casts.map(({ name, cast }) => cast(found.groups?.[name] ?? null));
    if (unmatched === 'null') return none;
    const hint = 'Change the pattern, or let texts that do not match leave null.';
    throw new MillraceError({ code: 'extract/no-match', message: `${shown(text)} does not match the pattern`, hint, field: pattern.field });
  };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
