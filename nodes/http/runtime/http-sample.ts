/** Waits at an address for a first request, and says which rows it may contain. */

import type { Heard, HeardRows, RowFailure } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import { inferFromJson, inferFromText } from '../../../model/schema/infer.ts';
import { isRecord, parseExactly } from '../../formats/json/jsonl-record.ts';
import { type EndpointOptions, HttpEndpoint, type TakenRequest } from './http-endpoint.ts';
import { type BodyKind, type Refusal, recordsOf } from './http-rows.ts';

const shownBytes = 20_000;
const mostChoices = 10;
const deepest = 4;

/** Rejects with a MillraceError if the port is taken, and when the signal fires. */
export async function listenForSample(
  options: Omit<EndpointOptions, 'isFull' | 'take'>,
  signal: AbortSignal,
  refuse: (failure: RowFailure) => void,
): Promise<Heard> {
  let heard: (sample: Heard) => void = () => {};
  const first = new Promise<Heard>((done) => {
    heard = done;
  });
  const take = (body: string, { kind, type }: TakenRequest) => {
    const choices = choicesIn(body, kind);
    if ('status' in choices) return choices;
    heard({ type, bytes: Buffer.byteLength(body), body: body.length > shownBytes ? `${body.slice(0, shownBytes)}...` : body, choices });
    return notStored;
  };
  const endpoint = new HttpEndpoint({ ...options, isFull: () => false, take }, { refuse, log: () => {} });
  await endpoint.listen();
  try {
    return await Promise.race([first, fired(signal)]);
  } finally {
    await endpoint.closeGently();
  }
}

/** Its sender must not take it for delivered. */
const notStored = {
  status: 503,
  answer: {
    error: {
      code: 'http/sample',
      message: 'This was taken as a sample: its rows were not stored.',
      hint: 'Send them again once the pipeline runs.',
    },
  },
};

function fired(signal: AbortSignal): Promise<never> {
  const cancelled = () => new MillraceError({ code: 'cancelled', message: 'It does not listen any more.', hint: 'Listen again.' });
  return new Promise((_, reject) => {
    if (signal.aborted) reject(cancelled());
    signal.addEventListener('abort', () => reject(cancelled()), { once: true });
  });
}

/** The rows that a body may contain, the most likely first; or why it contains none. */
export function choicesIn(body: string, kind: BodyKind): readonly HeardRows[] | Refusal {
  const whole = recordsOf(body, kind, []);
  if ('status' in whole) return whole;
  const [fault] = whole.wrong;
  if (fault) return { status: 422, code: 'http/rows', message: `Row ${fault.index}: ${fault.message}.`, hint: 'Send a sample that can be read.' };
  const paths = whole.records.length === 1 ? pathsIn(whole.records[0], [], false) : [];
  const choices = [[], ...paths].slice(0, mostChoices).flatMap((path) => rowsAt(body, kind, path));
  if (choices.length > 0) return choices.sort((a, b) => rank(b, whole.records) - rank(a, whole.records));
  return {
    status: 422,
    code: 'http/no-records',
    message: 'The body holds no object.',
    hint: 'Send an object, or a list of objects: their keys become columns.',
  };
}

function rowsAt(body: string, kind: BodyKind, path: readonly string[]): HeardRows[] {
  const found = recordsOf(body, kind, path);
  const records = 'status' in found ? [] : found.records.filter((record): record is Record<string, unknown> => isRecord(record as never));
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  if (names.length === 0) return [];
  const cell = (value: unknown) => (typeof value === 'string' ? value : null);
  // The fields of a form are all text, so their types are inferred like those of a CSV file.
  const areTexts = kind === 'form' && records.every((record) => Object.values(record).every((value) => typeof value === 'string'));
  const rows = records.map((record) => names.map((name) => cell(record[name])));
  const { columns } = areTexts ? inferFromText(names, rows) : inferFromJson(records);
  const declared = columns.map(({ name, type }) => ({ column: name, type }));
  const told = columns.map(({ name, type }) => ({ name, type }));
  return [{ path: path.join('.'), rows: records.length, columns: told, params: { columns: declared, records: path.length > 0 ? path.join('.') : null } }];
}

/** Where objects, and lists of them, are within a value; text that is JSON counts as its value. */
function pathsIn(value: unknown, path: readonly string[], isText: boolean): (readonly string[])[] {
  if (path.length > deepest) return [];
  if (typeof value === 'string' && !isText && /^\s*[[{]/.test(value)) {
    try {
      return pathsIn(parseExactly(value), path, true);
    } catch {
      return [];
    }
  }
  if (Array.isArray(value)) return path.length > 0 && isRecord(value[0]) ? [path] : [];
  if (!isRecord(value as never)) return [];
  const within = Object.entries(value as object).flatMap(([key, item]) => (key.includes('.') ? [] : pathsIn(item, [...path, key], false)));
  return path.length > 0 ? [path, ...within] : within;
}

/** A list within an object is likely its content; so is an object's only value, recursively. */
function rank({ path, rows }: HeardRows, records: readonly unknown[]): number {
  if (path !== '' && rows > 1) return 3;
  if (path !== '' && records.length === 1 && path === onlyPath(records[0]).join('.')) return 2;
  return path === '' ? 1 : 0;
}

function onlyPath(value: unknown): readonly string[] {
  const keys = isRecord(value as never) ? Object.keys(value as object) : [];
  const [key] = keys;
  if (key === undefined || keys.length !== 1 || pathsIn(value, [], false).length === 0) return [];
  return [key, ...onlyPath((value as { readonly [key: string]: unknown })[key])];
}
