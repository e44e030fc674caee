/** CSV files that several readers share: where rows may begin within them, and what their cells say across stretches. */

import type { SplitSize } from '@millrace/kit/node';
import { lineStart, splitFiles } from '../../../io/files/file-splits.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { TrailingZeros } from '../../../model/values/exact.ts';
import type { Json } from '../../../model/values/types.ts';
import { readCsvHead } from './csv-head.ts';
import { isBlank, withoutTrailing } from './csv-parser.ts';
import { readCsvRecord } from './csv-record.ts';
import type { CsvHead, CsvHeadOptions } from './csv-sample.ts';

/** This many consecutive records of the right width are no coincidence. */
const enoughRecords = 20;
const mostTries = 200;
const lineFeed = 10;

export function splitCsv(files: readonly InputFile[], size: SplitSize, options: CsvHeadOptions, signal: AbortSignal): Promise<readonly Json[]> {
  const rowStart = async (file: InputFile) => {
    // Filled and dropped cells are counted by file.
    if (options.width !== 'strict') return null;
    const head = await readCsvHead(file, options, options.header ? 0 : 1, signal);
    const width = head.names?.length ?? head.rows[0]?.length ?? 0;
    return (bytes: Buffer) => csvRowStart(bytes, head, width);
  };
  return splitFiles(files, { ...size, text: options, rowStart });
}

/** If lines look like rows: a quoted text may still contain such lines. */
function csvRowStart(bytes: Buffer, { dialect }: Pick<CsvHead, 'dialect'>, width: number): number {
  let at = lineStart(bytes);
  for (let tries = 0; at !== -1 && at < bytes.length && tries < mostTries; tries++) {
    if (areRows(bytes, at, dialect, width)) return at;
    const feed = bytes.indexOf(lineFeed, at);
    at = feed === -1 ? -1 : feed + 1;
  }
  return -1;
}

function areRows(bytes: Buffer, start: number, dialect: CsvHead['dialect'], width: number): boolean {
  let at = start;
  for (let i = 0; i < enoughRecords; i++) {
    const record = readCsvRecord(bytes, at, dialect, 1, false, false);
    if (record.kind === 'more') return i > 0;
    if (record.kind === 'bad') return false;
    if (record.kind === 'fields' && !isBlank(record.fields, width)) {
      const fields = dialect.trailing ? withoutTrailing(record.fields, width) : record.fields;
      if (fields.length !== width) return false;
    }
    at = record.next;
    if (at === bytes.length) return true;
  }
  return true;
}

/** `CsvFiles.told` of two stretches: see `TrailingZeros.join`. */
export function joinTold(first: Json, second: Json): Json | null {
  const joined: { [column: string]: Zeros } = {};
  const before = first as ToldZeros;
  const behind = second as ToldZeros;
  for (const column of new Set([...Object.keys(before), ...Object.keys(behind)])) {
    const zeros = new TrailingZeros();
    for (const each of [before[column], behind[column]]) if (each && !zeros.join(each)) return null;
    joined[column] = { places: zeros.places, matter: zeros.matter };
  }
  return joined;
}

type Zeros = { readonly places: number; readonly matter: boolean };
type ToldZeros = { readonly [column: string]: Zeros };
