/** How rows that programs send are received. */
import { closeSync, openSync } from 'node:fs';
import type { Heard, ListenContext, Reader, SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Schema } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../../formats/cells/cell-formats.ts';
import { recordPath } from '../../formats/json/json-scanner.ts';
import { HttpEndpoint, type TakenRequest } from './http-endpoint.ts';
import { rowsOf } from './http-rows.ts';
import { listenForSample } from './http-sample.ts';
import { Inbox, sampleInbox } from './inbox.ts';
import { InboxReader } from './inbox-reader.ts';

interface Address {
  readonly port: number;
  readonly path: string;
  /** In MB. */
  readonly maxBody: number;
  /** Its text; empty or null: none is needed. */
  readonly token: string | null;
}
interface Params extends Address {
  readonly inbox: string;
  /** In rows. */
  readonly capacity: number;
  readonly columns: readonly ColumnEntry[];
  readonly extra: 'ignore' | 'error';
  readonly records: string | null;
}

export function listenForRows({ params: { port, path, maxBody, token }, signal, refuse }: ListenContext<Address>): Promise<Heard> {
  return listenForSample({ port, path, maxBodyBytes: maxBody * 1024 * 1024, token: token || null }, signal, refuse);
}

export async function openHttp(context: SourceContext<Params, { readonly rows: Schema }>, address: string): Promise<Reader> {
  const { params, sample } = context;
  const schema = context.outputs.rows;
  const path = context.path(params.inbox);
  if (sample) {
    let rows = sampleInbox(path, schema, context.batchSize);
    const take = () => {
      const batch = { rows };
      rows = [];
      return batch.rows.length > 0 ? batch : null;
    };
    return { read: take, position: () => null, close() {} };
  }
  claim(
    context.shared(`inbox:${path}`, () => ({ taken: false, close() {} })),
    path,
  );
  makePrivate(path);
  const token = params.token || null;
  const inbox = new Inbox(path, schema);
  const isFull = (): boolean => reader.unread >= params.capacity;
  const rows = { schema, formats: new CellFormats(params.columns), extra: params.extra, path: recordPath(params.records) };
  // Acknowledged only when they are durable.
  const take = async (body: string, { kind }: TakenRequest) => {
    const taken = rowsOf(body, kind, rows);
    if ('status' in taken) return taken;
    if (taken.rows.length > 0) await inbox.add(taken.rows);
    return { status: 200, answer: { accepted: taken.rows.length } };
  };
  const options = { port: params.port, path: params.path, maxBodyBytes: params.maxBody * 1024 * 1024, token, isFull, take };
  const endpoint = new HttpEndpoint(options, context);
  const reader: InboxReader = new InboxReader(inbox, context.start, context, () => endpoint.close());
  try {
    await endpoint.listen();
  } catch (error) {
    inbox.close();
    throw error;
  }
  context.log('info', `Takes rows at ${address}`);
  return reader;
}

/** Waiting rows are for the user alone, and so are SQLite's files beside the inbox. If it cannot be created, the inbox says why. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch {}
}

function claim(inbox: { taken: boolean }, path: string): void {
  if (inbox.taken) {
    const message = `Another source of this pipeline has ${path} as its inbox too.`;
    throw new MillraceError({ code: 'inbox/used-twice', message, hint: 'Give each source an inbox file of its own.', field: 'inbox' });
  }
  inbox.taken = true;
}
