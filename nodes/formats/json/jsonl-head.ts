/** The beginning of JSON files: their columns, found within limits of time and bytes. */

import type { Discovery, NodeProblem } from '@millrace/kit/node';
import { openBytesUntil } from '../../../io/files/byte-reader.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { type Beginning, furtherLines } from '../../../io/files/stretches.ts';
import { within } from '../../../io/text/time-limit.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { inferFromJson } from '../../../model/schema/infer.ts';
import type { Readings } from '../../../model/schema/reading.ts';
import { isRawNumber } from '../../../model/values/raw-number.ts';
import type { Schema } from '../../../model/values/types.ts';
import type { CellFormats } from '../cells/cell-formats.ts';
import { formatOffers, readingsOf } from '../cells/format-offers.ts';
import { nothingAt } from './json-document.ts';
import { jsonEvidence } from './json-evidence.ts';
import { type JsonLayoutOptions, layoutOf } from './json-files.ts';
import { JsonScanner } from './json-scanner.ts';
import { isRecord, parseExactly, syntaxMessage, syntaxPlace } from './jsonl-record.ts';

/** For a sample of 1,000 rows; proportionally more for a larger one. */
const headBytes = 4 * 1024 * 1024;
const usualRows = 1000;
const chunkSize = 64 * 1024;
const lineFeed = 10;

export interface JsonHeadOptions extends Partial<JsonLayoutOptions> {
  readonly encoding: string;
  readonly sampleRows: number;
  readonly formats: CellFormats;
  /** As in `DiscoverContext`. */
  readonly brief?: boolean;
}

/** The columns of files that are read together, from a sample of their rows; without a layout, of their lines. Never throws a MillraceError. */
export async function discoverJsonl(files: readonly InputFile[], head: JsonHeadOptions, signal: AbortSignal): Promise<Discovery> {
  const { encoding, sampleRows, formats, layout: given = 'lines', path = [] } = head;
  const options: JsonLayoutOptions = { layout: given, path };
  const records: Record<string, unknown>[] = [];
  const further: Record<string, unknown>[] = [];
  const places: { readonly source: string; readonly line: number }[] = [];
  let firstLayout: 'lines' | 'document' = 'lines';
  let missing: string | null = null;
  let unit = 'line';
  const broken: { readonly source: string; readonly line: number; readonly message: string }[] = [];
  try {
    let budget = headBytes * Math.max(1, sampleRows / usualRows);
    for (const file of files) {
      if (records.length >= sampleRows || budget <= 0) break;
      const layout = await within(layoutOf(file, options, { encoding }), signal, file.name);
      const isLines = layout === 'lines';
      if (file === files[0]) firstLayout = layout;
      if (!isLines) unit = 'record';
      const take = (text: string, line: number, column = 1) => {
        if (text.trim() === '') return true;
        try {
          const record = parseExactly(text);
          if (isRecord(record)) {
            records.push(record);
            places.push({ source: file.name, line });
          } else broken.push({ source: file.name, line, message: `The ${unit} is JSON, but not an object.` });
        } catch (error) {
          const where = isLines ? syntaxMessage(error, text) : syntaxPlace(error, text, line, column);
          broken.push({ source: file.name, line, message: `The ${unit} is not JSON: ${where}.` });
        }
        return records.length + broken.length < sampleRows;
      };
      if (isLines) {
        const beginning = await sample(file, encoding, budget, signal, take);
        budget -= beginning.seen;
        for (const lines of await furtherLines(file, { encoding }, beginning, signal)) addRecords(lines, further);
      } else {
        const found = await sampleDocument(file, encoding, budget, path, signal, take);
        budget -= found.seen;
        if (found.fault !== null) broken.push({ source: file.name, ...found.fault });
        missing ??= found.missing;
      }
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [error.problem] };
  }
  const [first] = broken;
  const hint =
    unit === 'line' ? 'Each line has to be one JSON object such as {"id": 1}.' : 'Each record has to be an object such as {"id": 1}: set the path to them.';
  if (records.length === 0 && missing !== null && !first) {
    return {
      schema: null,
      problems: [{ code: 'json/no-records', severity: 'error', message: missing, hint: 'Correct the path to the records.', field: 'records' }],
    };
  }
  if (records.length === 0) {
    const message = first
      ? `No ${unit} of ${first.source} could be read. Line ${first.line}: ${first.message}`
      : `${itemAt(files, 0).name} holds no rows to infer columns from.`;
    return { schema: null, problems: [{ code: 'jsonl/no-rows', severity: 'error', message, hint }] };
  }
  const all = [...records, ...further];
  const known = withoutMissing(all, formats);
  const schema = inferFromJson(known);
  const sampled = { file: itemAt(files, 0), layout: firstLayout, areSeveral: files.length > 1, records: known, places };
  const detected = head.brief ? {} : { detected: await jsonEvidence(sampled, schema, { ...options, encoding }, signal) };
  const { readings, offers } = cellsOf(schema, all, formats);
  if (!first) return { schema, readings, ...detected, problems: [...listsWithin(records, itemAt(files, 0).name, path), ...offers] };
  const { source, line } = first;
  const message = `${broken.length} of the first ${records.length + broken.length} ${unit}s cannot be read. ${source}, line ${line}: ${first.message}`;
  const unreadable = { code: 'jsonl/unreadable-rows', severity: 'warning', message, hint, position: { source, line } } as const;
  return { schema, readings, ...detected, problems: [unreadable, ...offers] };
}

/** What is reported about the texts and numbers of the records. */
function cellsOf(schema: Schema, records: readonly Record<string, unknown>[], formats: CellFormats): { readings: Readings; offers: NodeProblem[] } {
  const rows = records.map((record) => schema.columns.map(({ name }) => (Object.hasOwn(record, name) ? cellOf(record[name]) : null)));
  return { readings: readingsOf(schema, rows, formats), offers: formatOffers(schema, rows, formats) };
}

function cellOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : isRawNumber(value) ? value.rawJSON : null;
}

/** The records as inference is to see them: texts that are missing are null. */
function withoutMissing(records: readonly Record<string, unknown>[], formats: CellFormats): readonly Record<string, unknown>[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))].filter((name) => formats.hasMarks(name));
  if (names.length === 0) return records;
  const plain = new Map(names.map((name) => [name, formats.plain(name)]));
  const cell = (name: string, value: unknown) => {
    const without = plain.get(name);
    return typeof value === 'string' && without ? without(value) : value;
  };
  return records.map((record) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, cell(name, value)])));
}

/** Anything but a record is skipped. */
function addRecords(lines: Buffer, records: Record<string, unknown>[]): void {
  for (const line of lines.toString('utf8').split('\n')) {
    try {
      const record = parseExactly(line);
      if (isRecord(record)) records.push(record);
    } catch {}
  }
}

/** Calls `take` with each line until it returns false; `seen` counts the scanned bytes. */
async function sample(
  file: InputFile,
  encoding: string,
  maxBytes: number,
  signal: AbortSignal,
  take: (line: string, number: number) => boolean,
): Promise<Beginning & { readonly seen: number }> {
  const reader = await openBytesUntil(signal, file, { encoding, chunkSize });
  try {
    let bytes: Buffer = Buffer.alloc(0);
    let seen = 0;
    let number = 1;
    let taken = 0;
    const end = () => ({ seen, bytes: taken, rows: number - 1, canSkip: reader.canSkip });
    for (;;) {
      const rest = bytes.length;
      const next = seen < maxBytes ? await within(reader.next(Buffer.from(bytes)), signal, file.name) : null;
      if (!next) {
        if (seen >= maxBytes && number === 1) throw tooLong(file, 'line', 'If the file is one large document, set its layout to that.');
        if (rest > 0 && seen < maxBytes) {
          take(bytes.toString('utf8'), number);
          taken = seen;
        }
        return end();
      }
      seen += next.length - rest;
      let at = 0;
      for (let feed = next.indexOf(lineFeed); feed !== -1; feed = next.indexOf(lineFeed, at)) {
        taken += feed + 1 - at;
        if (!take(next.toString('utf8', at, feed), number++)) return end();
        at = feed + 1;
      }
      bytes = next.subarray(at);
    }
  } finally {
    await reader.close();
  }
}

/** As `sample`, for the records of a document. */
async function sampleDocument(
  file: InputFile,
  encoding: string,
  maxBytes: number,
  path: readonly string[],
  signal: AbortSignal,
  take: (record: string, line: number, column: number) => boolean,
): Promise<{ readonly seen: number; readonly fault: { readonly line: number; readonly message: string } | null; readonly missing: string | null }> {
  const reader = await openBytesUntil(signal, file, { encoding, chunkSize });
  const scanner = new JsonScanner(path, maxBytes);
  try {
    let keep: Buffer = Buffer.alloc(0);
    let seen = 0;
    let isTaken = false;
    for (;;) {
      const more = seen < maxBytes ? await within(reader.next(Buffer.from(keep)), signal, file.name) : null;
      if (!more && seen >= maxBytes) {
        if (!isTaken) throw tooLong(file, 'record', 'If its parts are the records, set the path to them.');
        return { seen, fault: null, missing: null };
      }
      const last = more === null;
      const bytes = more ?? Buffer.concat([keep, Buffer.of(lineFeed)]);
      seen += bytes.length - keep.length;
      for (let at = 0; ; ) {
        const found = scanner.next(bytes, at, last);
        if (found.kind === 'fault')
          return { seen, fault: { line: found.line, message: `It is not JSON from column ${found.column} on: ${found.message}.` }, missing: null };
        if (found.kind === 'record') {
          at = found.end;
          isTaken = true;
          if (!take(bytes.toString('utf8', found.start, found.end), found.line, found.column)) return { seen, fault: null, missing: null };
        } else {
          keep = found.kind === 'more' ? bytes.subarray(found.keep) : Buffer.alloc(0);
          break;
        }
      }
      if (last) return { seen, fault: null, missing: scanner.hasTarget || path.length === 0 ? null : nothingAt(file.name, path, scanner.otherKeys) };
    }
  } finally {
    await reader.close();
  }
}

/** If a file is one object around a list of objects, these are probably the records. */
function listsWithin(records: readonly Record<string, unknown>[], name: string, path: readonly string[]): NodeProblem[] {
  const [only] = records;
  if (!only || records.length !== 1 || path.length > 0) return [];
  const found = listAt(only, []);
  if (!found) return [];
  const message = `${name} is one object, and holds a list of ${found.length} objects at "${found.path}".`;
  const fix = { title: `Read the objects of "${found.path}"`, param: 'records', value: found.path };
  return [{ code: 'json/list-within', severity: 'info', message, field: 'records', fix }];
}

function listAt(value: unknown, path: readonly string[]): { readonly path: string; readonly length: number } | null {
  if (Array.isArray(value)) return value.length > 1 && isRecord(value[0]) ? { path: path.join('.'), length: value.length } : null;
  if (!isRecord(value as never) || path.length > 3) return null;
  for (const [key, item] of Object.entries(value as object)) {
    const found = key.includes('.') ? null : listAt(item, [...path, key]);
    if (found) return found;
  }
  return null;
}

function tooLong(file: InputFile, unit: string, hint: string): MillraceError {
  const message = `The first ${unit} of ${file.name} is longer than ${headBytes / 1024 / 1024} MB.`;
  return new MillraceError({ code: 'jsonl/long-line', message, hint });
}
