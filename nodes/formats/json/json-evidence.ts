/** The evidence for the format of a JSON file, for users to judge: each finding with the lines that decided it. */

import type { InputFile } from '../../../io/files/input-files.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { type Detected, type SeenLine, seen } from '../../../model/schema/detected.ts';
import { inferFromJson } from '../../../model/schema/infer.ts';
import { decideValue } from '../../../model/schema/type-evidence.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Schema } from '../../../model/values/types.ts';
import { encodingEvidence, textHead } from '../text/text-evidence.ts';
import type { JsonLayoutOptions } from './json-files.ts';
import { writtenJson } from './jsonl-record.ts';

export interface JsonSample {
  readonly file: InputFile;
  readonly layout: 'lines' | 'document';
  readonly areSeveral: boolean;
  readonly records: readonly Record<string, unknown>[];
  /** Where each of the records begins, as far as lines were counted. */
  readonly places: readonly { readonly source: string; readonly line: number }[];
}

/** Further columns are better viewed in the grid. */
const mostColumns = 1000;
const longestValue = 400;

export async function jsonEvidence(
  sample: JsonSample,
  schema: Schema,
  options: JsonLayoutOptions & { readonly encoding: string },
  signal: AbortSignal,
): Promise<Detected[]> {
  const text = await textHead(sample.file, signal);
  const lines = text ? firstLines(text.bytes.toString(text.mark === 'utf-16le' ? 'utf16le' : 'utf8')) : [];
  const found = [layoutEvidence(sample, options, lines), recordsEvidence(sample, options), text && encodingEvidence(text, options.encoding)];
  return [...found.filter((each) => each !== null), ...columnEvidence(sample, schema)];
}

function layoutEvidence({ layout }: JsonSample, options: JsonLayoutOptions, lines: readonly SeenLine[]): Detected {
  const isArray = lines[0]?.text.trimStart().startsWith('[') ?? false;
  const value =
    layout === 'lines' ? 'An object on each line' : isArray ? 'An array' : options.path.length > 0 ? 'Records within objects' : 'Objects one after another';
  const because =
    options.layout !== 'auto'
      ? 'It was set here.'
      : options.path.length > 0
        ? 'There is a path to the records.'
        : layout === 'lines'
          ? 'The first lines are objects, each complete.'
          : isArray
            ? 'The file begins with [.'
            : 'The first line is not a complete object, or holds several.';
  return { param: 'layout', value, because, lines: lines.slice(0, 3), notable: true };
}

function recordsEvidence({ records, places, layout }: JsonSample, { path }: JsonLayoutOptions): Detected | null {
  if (layout === 'lines') return null;
  const [first] = places;
  const lines = first && records[0] ? [seen(short(writtenJson(records[0])), first.line)] : [];
  if (path.length > 0)
    return {
      param: 'records',
      value: path.join('.'),
      because: `It was set here: ${thousands(records.length)} records were found there.`,
      lines,
      notable: true,
    };
  return { param: 'records', value: 'The file itself', because: 'No path is set.', lines };
}

function columnEvidence({ records, places, areSeveral }: JsonSample, schema: Schema): Detected[] {
  return schema.columns.slice(0, mostColumns).map(({ name, type }) => {
    const values = records.map((record) => (Object.hasOwn(record, name) ? record[name] : null));
    const typeOf = (some: readonly unknown[]) => itemAt(inferFromJson(some.map((value) => ({ value }))).columns, 0).type;
    const { at, because } = decideValue(values, type, typeOf, writtenJson);
    const place = places[at];
    const lines = at === -1 ? [] : [seen(short(writtenJson(values[at])), place?.line, areSeveral ? place?.source : undefined)];
    return { param: 'types', column: name, value: type, because, lines, notable: true };
  });
}

function short(text: string): string {
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

function firstLines(text: string): SeenLine[] {
  return text
    .split('\n', 4)
    .map((line, i) => seen(line.replace(/\r$/, ''), i + 1))
    .filter(({ text: line }) => line.trim() !== '');
}
