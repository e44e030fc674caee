/**
 * The protocol between an editor and its workbench process: two maps of types.
 * Requests are imperative (`run.start`), events are in the past tense (`run.changed`).
 */

import type { Heard } from '@millrace/kit/node';
import { z } from 'zod';
import type { Problem } from '../../model/problems/problem.ts';
import type { Json, Schema } from '../../model/values/types.ts';
import { jsonSchema, pipelineSchema, sentPipelineSchema } from '../document/pipeline-schema.ts';
import type {
  Autosave,
  Cells,
  CheckAnswer,
  CheckpointElsewhere,
  ConnectionManifest,
  ConnectionsView,
  ExampleFile,
  FolderListing,
  LinkedPath,
  LogLine,
  NodeManifest,
  OpenedDocument,
  PreviewResult,
  QueryResult,
  RecentFile,
  RecognisedFile,
  RunSummary,
  ScanProgress,
  ScanResult,
  ScanState,
  ShownSecret,
  Table,
  Touches,
  TrustedPlace,
  WaitingErrors,
} from './messages.ts';

import { stopModes } from './run-api.ts';
import type { RunHistory } from './run-history.ts';

export { protocolVersion } from './version.ts';

const document = z.string().max(100);
const path = z.string().min(1).max(4096);

/** Requests at each keystroke accept either: see engine/document/transfer.ts. Code `document/version`: all of it must be sent. */
const pipelineOrChanges = { pipeline: pipelineSchema.optional(), sent: sentPipelineSchema.optional() };

const connection = { type: z.string().max(100), typeVersion: z.number().int().min(1), params: z.record(z.string(), jsonSchema) };

/** The params of each request. Both ends infer their types from here; the engine parses with it. */
export const requestParams = {
  hello: z.object({ protocolVersion: z.number() }),
  'catalogue.read': z.object({}),
  'document.new': z.object({}),
  'document.open': z.object({ path }),
  'document.openExample': z.object({ id: z.string() }),
  /**
   * Opens a document that the editor holds in a new engine, as it was in the old one. Reads nothing. It is trusted if `trusted` says so and
   * its file still is.
   */
  'document.resume': z.object({ path: path.nullable(), stamp: z.string().nullable(), trusted: z.boolean() }),
  /**
   * Saves atomically. With `stamp`, refuses (code `file/changed`) if the file is no longer the one that was opened. `copy`: the copy of
   * unsaved changes that is discarded with it, so that none is left if the window closes right afterwards.
   */
  'document.save': z.object({ documentId: document, path, pipeline: pipelineSchema, stamp: z.string().nullable(), copy: z.string().max(100).optional() }),
  /** `folder`: all pipelines in the folder of its file, and below. A wide one is refused with code `trust/wide-folder`, unless `sure`. */
  'document.trust': z.object({ documentId: document, folder: z.boolean().optional(), sure: z.boolean().optional() }),
  /** Those of the paths that links lead elsewhere. The user has agreed to what the pipeline names, and is asked again about these. */
  'document.links': z.object({ documentId: document, paths: z.array(z.string().max(100_000)).max(100_000) }),
  'trust.list': z.object({}),
  /** Revokes trust, at once also from open documents; without `places` all of it. Runs in progress continue. */
  'trust.remove': z.object({ places: z.array(z.object({ kind: z.enum(['file', 'folder']), path })).optional() }),
  /** Nodes of a trusted document are on the clipboard, as this text. */
  'clipboard.copied': z.object({ documentId: document, text: z.string().max(50_000_000) }),
  /** Whether this text was copied from a trusted document of this installation. */
  'clipboard.isOwn': z.object({ text: z.string().max(50_000_000) }),
  /** What a pipeline would touch, without accessing anything. */
  'pipeline.touches': z.object({ documentId: document, pipeline: pipelineSchema }),
  /** The types of connections that can be made. */
  'connections.types': z.object({}),
  'connections.read': z.object({ documentId: document }),
  /**
   * Makes a connection, or changes it: everywhere, or in an environment. `stamp`: of the file as the editor shows it; refused with
   * `connection/file-changed` where it is another one by now.
   */
  'connections.set': z.object({
    documentId: document,
    stamp: z.string().nullable(),
    name: z.string().max(100),
    /** Refused with `connection/exists` where there is one of that name. */
    isNew: z.boolean(),
    environment: z.string().max(100).nullable(),
    ...connection,
  }),
  'connections.rename': z.object({ documentId: document, stamp: z.string().nullable(), from: z.string().max(100), to: z.string().max(100) }),
  'connections.remove': z.object({ documentId: document, stamp: z.string().nullable(), name: z.string().max(100) }),
  /** Chooses an environment (null: none), which is made or removed first with `edit`. */
  'connections.environment': z.object({
    documentId: document,
    stamp: z.string().nullable(),
    environment: z.string().max(100).nullable(),
    edit: z.enum(['add', 'remove']).optional(),
  }),
  /** Connects once. `texts`: by reference, those of secrets that are not stored yet. */
  'connections.test': z.object({ documentId: document, name: z.string().max(100), ...connection, texts: z.record(z.string(), z.string().max(100_000)) }),
  /** Names of what a connection leads to, see `ConnectionDefinition.entries`. */
  'connections.entries': z.object({ documentId: document, connection: z.string().max(100), what: z.string().max(100), of: z.record(z.string(), jsonSchema) }),
  /** Stores the text of a secret: the only message that carries one, but for `connections.test`. */
  'secrets.set': z.object({ documentId: document, reference: z.string().max(200), text: z.string().max(100_000) }),
  /** Where a secret is kept. */
  'secrets.find': z.object({ reference: z.string().max(200) }),
  'document.close': z.object({ documentId: document }),
  /** `since`: the answer that the editor has; the new one may then be sent as the difference from it. */
  'pipeline.check': z.object({ documentId: document, ...pipelineOrChanges, since: z.number().int().optional() }),
  /** How a run of it would proceed, as text, with the defaults of its parameters. Rejects with the problems that prevent a run. */
  'pipeline.explain': z.object({ documentId: document, pipeline: pipelineSchema }),
  /** The newest preview of a document wins: an older one in progress is answered with code `preview/superseded`. */
  'preview.read': z.object({ documentId: document, ...pipelineOrChanges, node: z.string(), port: z.string(), limit: z.number().int().min(1).max(100_000) }),
  /**
   * Reads a source to its end and reports what does not fit; `source.scanning` reports the progress. Rejects with `scan/stopped` if it is
   * cancelled.
   */
  'source.scan': z.object({ documentId: document, ...pipelineOrChanges, node: z.string() }),
  /** The last result of such a scan, while the source would read the same. */
  'source.scanned': z.object({ documentId: document, ...pipelineOrChanges, node: z.string() }),
  /**
   * `from`: where it begins, see RunOptions; if absent, it resumes from the latest checkpoint if the input never ends. Refused with code
   * `checkpoint/changed` if an edit has made state unusable, unless `dropChangedState`; with `checkpoint/behind` if rows would be written a
   * second time, unless `acceptDuplicates`.
   */
  'run.start': z.object({
    documentId: document,
    pipeline: pipelineSchema,
    parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    from: z.enum(['latest', 'scratch']).optional(),
    dropChangedState: z.boolean().optional(),
    acceptDuplicates: z.boolean().optional(),
    /** Nodes that keep a failed row in the errors table, for which their policy would stop the run. */
    keepErrors: z.boolean().optional(),
    /** Nodes whose rows in the errors table the run replays, with the state that it resumes with. Refused with code `replay/…`. */
    replay: z.array(z.string().max(100)).optional(),
  }),
  /**
   * The checkpoint from which a run of the document could resume, or null; `failed`: the row that ended the last run, which would be read
   * again.
   */
  'run.resumable': z.object({ documentId: document }),
  /** Where a pipeline of that name could be resumed that is not this document's file: it was saved under another name, moved or copied. */
  'run.elsewhere': z.object({ documentId: document, name: z.string() }),
  'run.stop': z.object({ runId: z.string(), how: z.enum(stopModes) }),
  'run.pause': z.object({ runId: z.string() }),
  'run.resume': z.object({ runId: z.string() }),
  /** Makes a checkpoint now. */
  'run.checkpoint': z.object({ runId: z.string() }),
  /** The rows that wait in the pipeline's errors table. */
  'errors.list': z.object({ documentId: document, pipeline: pipelineSchema }),
  /** Replays the waiting rows of one node in the current pipeline; refused with code `replay/…` if that is not possible. */
  'run.replay': z.object({
    documentId: document,
    pipeline: pipelineSchema,
    parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    node: z.string().max(100),
  }),
  /**
   * Opens the address of a source until a first request arrives, and describes it: see `listen` of kit/node.ts. `source.refused` reports
   * requests that are not a sample. Rejected with code `listen/timeout` if none arrives.
   */
  'source.listen': z.object({ documentId: document, pipeline: pipelineSchema, node: z.string().max(100) }),
  'run.list': z.object({}),
  /** The rows that an inspect sink holds now; with `port`, during the run, the latest ones that left there, oldest first. */
  'run.inspect': z.object({ runId: z.string(), node: z.string(), limit: z.number().int().min(1).max(10_000), port: z.string().max(1000).optional() }),
  'run.logs': z.object({ runId: z.string() }),
  /** The history of a run, also of one that has ended: states, counters over time, errors, checkpoints. */
  'run.history': z.object({ runId: z.string() }),
  'result.tables': z.object({ path }),
  /** One read-only statement. */
  'result.query': z.object({ path, sql: z.string().max(100_000), offset: z.number().int().min(0), limit: z.number().int().min(1).max(10_000) }),
  'examples.list': z.object({}),
  'recent.list': z.object({}),
  'recent.remove': z.object({ path }),
  'autosave.write': z.object({ id: z.string().max(100), documentId: document, path: path.nullable(), pipeline: pipelineSchema }),
  'autosave.list': z.object({}),
  'autosave.restore': z.object({ id: z.string().max(100) }),
  'autosave.discard': z.object({ id: z.string().max(100) }),
  /** What a file to be opened is, by its beginning and its name. Refused with code `open/...` if no source reads it. */
  'files.recognise': z.object({ documentId: document, path }),
  /**
   * Copies a file's content to the document's folder in parts, for pages that do not know the path of a dropped file. If a file of that
   * name exists, it gets another name. Its name has no content until it is complete.
   */
  'upload.begin': z.object({ documentId: document, name: z.string().min(1).max(255), size: z.number().int().min(0) }),
  'upload.write': z.object({ uploadId: z.string().max(100), base64: z.string().max(8_000_000) }),
  'upload.end': z.object({ uploadId: z.string().max(100) }),
  'upload.cancel': z.object({ uploadId: z.string().max(100) }),
  /** For hosts without a file dialog of their own. */
  'files.list': z.object({ path: z.string().max(4096) }),
  /** What exists at a path, including hidden files: asked before something is replaced. */
  'files.locate': z.object({ path: z.string().max(4096) }),
  /** What the editor remembers between sessions (theme, panel sizes): any JSON under a key. */
  'settings.read': z.object({ key: z.string().max(100) }),
  'settings.write': z.object({ key: z.string().max(100), value: jsonSchema }),
} as const;

export type RequestName = keyof typeof requestParams;
export type RequestParams<K extends RequestName> = z.infer<(typeof requestParams)[K]>;

/** What each request gives. */
export interface RequestResults {
  hello: {
    readonly appVersion: string;
    readonly protocolVersion: number;
    readonly platform: string;
    readonly home: string;
    /** A file to open at start, if the host was given one. */
    readonly open: string | null;
  };
  'catalogue.read': readonly NodeManifest[];
  'document.new': OpenedDocument;
  'document.open': OpenedDocument;
  'document.openExample': OpenedDocument;
  'document.resume': { readonly documentId: string; readonly trusted: boolean };
  'document.save': { readonly path: string; readonly stamp: string };
  'document.trust': { readonly trusted: true };
  'document.links': readonly LinkedPath[];
  'trust.list': readonly TrustedPlace[];
  /** The names of current runs of these pipelines. */
  'trust.remove': { readonly running: readonly string[] };
  'clipboard.copied': null;
  'clipboard.isOwn': boolean;
  'pipeline.touches': Touches;
  'connections.types': readonly ConnectionManifest[];
  'connections.read': ConnectionsView;
  'connections.set': ConnectionsView;
  'connections.rename': ConnectionsView;
  'connections.remove': ConnectionsView;
  'connections.environment': ConnectionsView;
  'connections.test': { readonly message: string };
  'connections.entries': { readonly entries: readonly { readonly name: string; readonly detail?: string }[] };
  'secrets.set': Omit<ShownSecret, 'field'>;
  'secrets.find': Omit<ShownSecret, 'field'>;
  'document.close': null;
  'pipeline.check': CheckAnswer;
  'pipeline.explain': { readonly text: string };
  'preview.read': PreviewResult;
  'source.scan': ScanResult;
  'source.scanned': ScanState;
  'run.start': RunSummary;
  'errors.list': WaitingErrors;
  'run.replay': RunSummary;
  'source.listen': Heard;
  'run.resumable': { readonly id: number; readonly at: number; readonly failed: Problem | null } | null;
  'run.elsewhere': CheckpointElsewhere | null;
  'run.stop': null;
  'run.pause': null;
  'run.resume': null;
  'run.checkpoint': { readonly id: number };
  /** Current runs, whoever started them, and those in the history; newest first. */
  'run.list': readonly RunSummary[];
  'run.inspect': { readonly schema: Schema; readonly rows: readonly Cells[] };
  'run.logs': readonly LogLine[];
  'run.history': RunHistory;
  'result.tables': readonly Table[];
  'result.query': QueryResult;
  'examples.list': readonly ExampleFile[];
  'recent.list': readonly RecentFile[];
  'recent.remove': null;
  'autosave.write': null;
  'autosave.list': readonly Autosave[];
  'autosave.restore': OpenedDocument;
  'autosave.discard': null;
  'files.recognise': RecognisedFile;
  'upload.begin': { readonly uploadId: string };
  'upload.write': null;
  'upload.end': { readonly path: string };
  'upload.cancel': null;
  'files.list': FolderListing;
  'files.locate': { readonly path: string; readonly is: 'file' | 'folder' | 'nothing' };
  'settings.read': Json;
  'settings.write': null;
}

export interface Events {
  /** A source that listens for a sample received a request and refused it. */
  'source.refused': { readonly documentId: string; readonly node: string; readonly problem: Problem };
  /** The connections of an open document, or their secrets, are others now. */
  'connections.changed': { readonly documentId: string };
  /** Trust in an open document was revoked, or its connections were changed by somebody else and lead elsewhere now. */
  'document.distrusted': { readonly documentId: string; readonly why: 'revoked' | 'connections' };
  /** State, counters, problems or outputs of a run changed; at most ten a second per run, and always once at its end. */
  'run.changed': RunSummary;
  'run.logged': { readonly runId: string; readonly line: LogLine };
  /** At most five a second for each source that is being scanned. */
  'source.scanning': ScanProgress & { readonly documentId: string; readonly node: string };
  /** A check of snippets' types has finished later than the check itself: problems of the same document, to be shown beside them. */
  'code.checked': { readonly documentId: string; readonly problems: readonly Problem[] };
  /** The workbench process was restarted: documents must be opened again (the editor does so automatically). */
  'engine.restarted': { readonly reason: string; readonly node: string | null };
}
export type EventName = keyof Events;

/** The protocol of an editor and its workbench, for `Client` and `Service`. */
export interface EditorProtocol {
  readonly requests: { readonly [K in RequestName]: { readonly params: RequestParams<K>; readonly result: RequestResults[K] } };
  readonly events: { readonly [K in EventName]: Events[K] };
}
