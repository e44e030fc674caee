/** The content of requests and events. Plain data, both ways. */

import type { EntryFix, Problem } from '../../model/problems/problem.ts';
import type { Detected, SeenLine } from '../../model/schema/detected.ts';
import type { Readings } from '../../model/schema/reading.ts';
import type { Column, Json, Schema } from '../../model/values/types.ts';
import type { ErrorPolicy, Parameter, Pipeline } from '../document/pipeline.ts';

/** A row as it is sent and shown: bytes as `{ $bytes: base64 }`, everything else unchanged. Aligned with a schema's columns. */
export type Cells = readonly Json[];

/** A node's declaration as data: everything of it but its functions. */
export interface NodeManifest {
  readonly type: string;
  readonly kind: 'source' | 'transform' | 'sink';
  readonly title: string;
  readonly summary: string;
  readonly category: string;
  readonly icon: string;
  readonly version: number;
  readonly keywords: readonly string[];
  readonly docs: string;
  readonly inputs: readonly PortManifest[];
  readonly outputs: readonly PortManifest[];
  /** `Fields` of kit/fields.ts, as data; re-exported for the editor as `FieldManifest`. */
  readonly params: { readonly [name: string]: FieldManifest };
  /** A new node's params. */
  readonly defaults: { readonly [name: string]: Json };
  readonly bounded: boolean;
  /** See `Identity.forBenchmarks` of kit/node.ts. */
  readonly forBenchmarks?: boolean;
  /** Extensions of the files that may be opened as such a source, without the dot. */
  readonly opens?: readonly string[];
  /** It can be read to its end to find what does not fit. */
  readonly scans?: boolean;
  /** Programs send it rows over the network: a node's check has its address. */
  readonly listens?: boolean;
  readonly examples: readonly { readonly title: string; readonly params: { readonly [name: string]: Json } }[];
}
/** A type of connections as data. */
export interface ConnectionManifest extends Pick<NodeManifest, 'type' | 'title' | 'summary' | 'icon' | 'version' | 'docs' | 'params' | 'defaults'> {
  /** It can tell names of what it leads to. */
  readonly listsEntries: boolean;
}
/** The connections beside a document, as they are in the environment that is chosen. */
export interface ConnectionsView {
  /** Of their file, which may not be there yet. */
  readonly path: string;
  /** Of its content; null where it is not there. */
  readonly stamp: string | null;
  /** False: it cannot be read, and is not written to. */
  readonly writable: boolean;
  readonly problems: readonly Problem[];
  readonly environments: readonly string[];
  readonly environment: string | null;
  /** By name. */
  readonly connections: readonly ShownConnection[];
}
export interface ShownConnection {
  readonly name: string;
  readonly type: string;
  /** False: its type, or its version, is not known here. */
  readonly known: boolean;
  /** Complete; references in place of secrets. */
  readonly params: { readonly [name: string]: Json };
  readonly card: string;
  readonly reaches: readonly string[];
  readonly secrets: readonly ShownSecret[];
  /** With `field`: the param. */
  readonly problems: readonly Problem[];
  /** Params that are set for the environment that is chosen. */
  readonly ownParams: readonly string[];
}
export interface ShownSecret {
  readonly field: string;
  readonly reference: string;
  /** `the secret "warehouse_password"`. */
  readonly title: string;
  /** `sealed`: by the keychain of the operating system. `locked`: sealed, and not to be read here. */
  readonly state: 'missing' | 'environment' | 'file' | 'sealed' | 'locked';
  readonly problem?: Problem;
}
export interface PortManifest {
  readonly name: string;
  readonly label: string;
  readonly many: boolean;
  readonly optional: boolean;
  /** Receives the rows that arrived too late to count. */
  readonly late?: boolean;
  /** No row leaves here while a param has one of these values. */
  readonly absentWhen?: { readonly param: string; readonly is: readonly Json[] };
}
/** One field of a params declaration as data. `kind` decides which of the others occur (see kit/fields.ts). */
export interface FieldManifest {
  readonly kind:
    | 'text'
    | 'number'
    | 'duration'
    | 'choice'
    | 'boolean'
    | 'column'
    | 'columns'
    | 'expression'
    | 'code'
    | 'sql'
    | 'file'
    | 'secret'
    | 'connection'
    | 'keyValue'
    | 'list'
    | 'condition';
  readonly label: string;
  readonly help?: string;
  readonly advanced?: boolean;
  readonly group?: string;
  readonly detected?: boolean;
  readonly optional?: boolean;
  readonly default?: Json;
  readonly when?: { readonly param: string; readonly is: readonly (string | number | boolean)[] };
  readonly placeholder?: string;
  readonly whenEmpty?: string;
  readonly multiline?: boolean;
  readonly suggest?: 'timeZones' | 'encodings';
  readonly entries?: string;
  readonly type?: string;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly unit?: string;
  /** A choice's; for keyValue the plain strings to offer as values are in `values`. */
  readonly options?: readonly { readonly value: string; readonly label: string; readonly help?: string }[];
  readonly values?: readonly string[];
  readonly input?: string;
  readonly of?: 'output';
  readonly types?: readonly string[];
  readonly returns?: string;
  readonly signature?: string;
  readonly keyed?: string;
  readonly mode?: 'open' | 'save';
  readonly glob?: boolean;
  readonly extensions?: readonly string[];
  readonly keyLabel?: string;
  readonly valueLabel?: string;
  readonly item?: { readonly [name: string]: FieldManifest };
  readonly itemLabel?: string;
  readonly sampled?: { readonly column: string; readonly into: string };
  readonly readings?: string;
}

/** A cell or row that does not fit, with the reason. */
export interface SeenCell extends SeenLine {
  readonly message: string;
}
/** The progress of a scan: bytes of the files, rows that can be read, and rows that cannot. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number | null;
  readonly rows: number;
  readonly failed: number;
}
/** What does not fit in everything that a source reads. */
export interface ScanResult {
  readonly rows: number;
  readonly failed: number;
  /** Those with cells that do not fit. */
  readonly columns: readonly ScannedColumn[];
  /** Rows that fail for other reasons, by their kind. */
  readonly faults: readonly ScannedFault[];
  /** Warnings of the source, such as rows with too few fields. */
  readonly logs: readonly string[];
  /** What ended it before the end of the input. */
  readonly stopped: Problem | null;
  readonly bytes: number;
  readonly elapsedMs: number;
}
export interface ScannedColumn {
  readonly name: string;
  readonly type: string;
  readonly cells: number;
  readonly first: readonly SeenCell[];
  /** Reads the column as a type that fits all of them; null if a user has set its type. */
  readonly fix: EntryFix | null;
}
export interface ScannedFault {
  readonly rows: number;
  readonly first: readonly SeenCell[];
  /** Of the first of them. */
  readonly problem: Problem;
}
/** The known result of a source's scan: null if there is none for its current input. */
export interface ScanState {
  readonly result: ScanResult | null;
}

/** What is known about one node before anything runs. */
export interface NodeCheck {
  /** False for a type that the catalogue lacks: its ports are then those that edges name. */
  readonly known: boolean;
  readonly card: string;
  /** The error policy of the node if it has none of its own. */
  readonly defaultPolicy: ErrorPolicy;
  /** For sources that receive rows from programs: the address while they run. */
  readonly address?: string;
  /** For sources: what was detected in the input, see Discovery of kit/node.ts. Absent if nothing was. */
  readonly detected?: readonly Detected[];
  /** For sources: how cells of the sample are read, by column. */
  readonly readings?: Readings;
  readonly inputs: readonly (PortManifest & { readonly schema: Schema | null })[];
  /** Includes `errors` under the policy "route", and no port that gives no rows and has no edge. */
  readonly outputs: readonly (PortManifest & { readonly schema: Schema | null })[];
}
export interface CheckResult extends Touches {
  readonly nodes: { readonly [id: string]: NodeCheck };
  readonly problems: readonly Problem[];
  /** No problem of severity "error" except at nodes that a run leaves out: those on the branch of a node of unknown type. */
  readonly runnable: boolean;
  /** False: a run continues until it is stopped, and commits with checkpoints from which the next one can resume. */
  readonly bounded: boolean;
}
/** What a pipeline would touch, shown before it is trusted. Paths as in its params. */
export interface Touches {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Addresses at which it listens, and those to which it connects. */
  readonly listens: readonly string[];
  readonly reaches: readonly string[];
  /** References of secrets that are sent there. */
  readonly secrets: readonly string[];
  /** Nodes that hold users' code. */
  readonly code: readonly string[];
  /** What could not be found out: the lists above may be incomplete. `reason` says why, about `node`. */
  readonly unknown: readonly { readonly node: string; readonly reason: string }[];
}

/** A check as it is sent: whole, or as the difference from an answer that the editor has. */
export interface CheckAnswer extends CheckResult {
  /** The number of this answer, among those for its document. */
  readonly answer?: number;
  /** The answer from which this one differs: `nodes` has new and changed ones, and `gone` names removed ones. Absent: it is whole. */
  readonly since?: number;
  readonly gone?: readonly string[];
}

export interface PreviewResult {
  readonly schema: Schema;
  readonly rows: readonly Cells[];
  /** Rows at this port before the cut to `limit`. */
  readonly total: number;
  /** True if the sample is all of the input, so that the preview is the final result. */
  readonly complete: boolean;
  /** `out` without the rows of the errors port; `ports`: those of each port. */
  readonly counts: {
    readonly [node: string]: { readonly in: number; readonly out: number; readonly failed: number; readonly ports: { readonly [port: string]: number } };
  };
  readonly problems: readonly Problem[];
  readonly elapsedMs: number;
}

/** `restarting`: it crashed, and resumes from its last checkpoint after a pause. `draining`: see StopMode of run-api.ts. */
export type RunState = 'starting' | 'running' | 'paused' | 'draining' | 'stopping' | 'restarting' | 'not responding' | 'done' | 'failed' | 'stopped';
export interface NodeStats {
  readonly in: number;
  readonly out: { readonly [port: string]: number };
  /** Rows that the node took in and correctly did not send on (a filter without a second edge, a limit). */
  readonly dropped: number;
  readonly failed: number;
  /** Rows per second over the last second: those it took in; for a source, those it sent. */
  readonly rate: number;
  /** The same for what left by each port. Absent in the history of older versions. */
  readonly outRate?: { readonly [port: string]: number };
  readonly busyMs: number;
  /** For the node's output, see model/schema/event-time.ts: `beginningOfTime` while nothing is known, `endOfTime` once it has ended. */
  readonly watermark: number;
  /** What it waits for, in its own words: `reconnecting, attempt 3`. */
  readonly waits?: string;
  /** Set if rows wait for a watermark that has not moved for long: the node, usually a source, that holds it back. */
  readonly heldBy?: string;
  /** Rows that went to a late port. */
  readonly late: number;
  /**
   * Since the start: time spent waiting for rows (sources), and for nodes downstream to take them or other sources to catch up; the rest of
   * the time it was working.
   */
  readonly idleMs: number;
  readonly blockedMs: number;
  /** What the node keeps between rows; absent for those that keep nothing. */
  readonly state?: { readonly entries: number; readonly bytes: number };
  /** For sources: input that waits to be read, and input that was gone before it could be. */
  readonly backlog?: { readonly waiting: number; readonly lost?: number; readonly unit: 'bytes' | 'rows' };
  readonly progress?: { readonly done: number; readonly total: number | null; readonly unit: 'bytes' | 'rows' };
}
export interface RunSummary {
  readonly id: string;
  readonly pipeline: string;
  readonly path: string | null;
  readonly state: RunState;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly stats: { readonly [node: string]: NodeStats };
  /** What stopped it, and the first failures of rows (at most 100; `failed` counts them all). */
  readonly problems: readonly Problem[];
  readonly outputs: readonly RunOutput[];
  /** False: it continues until it is stopped. */
  readonly bounded: boolean;
  /** The state of all nodes, in bytes, estimated. Absent before there is any, and in the history of older versions. */
  readonly stateUse?: {
    readonly inMemory: number;
    /** What may be in memory; the rest is on disk. */
    readonly limit: number;
    readonly onDisk: number;
    /** The most that was seen so far. */
    readonly mostInMemory: number;
    readonly mostOnDisk: number;
  };
  /** The last checkpoint that was committed. */
  readonly checkpoint: { readonly id: number; readonly at: number; readonly bytes: number; readonly tookMs: number } | null;
  /** The checkpoint from which it resumed at its start, or null. */
  readonly resumedFrom: number | null;
  /** How often it was restarted after a crash. */
  readonly restarts: number;
  /** While it is `restarting`: the time of the next attempt, in ms since the epoch. */
  readonly retryAt?: number;
}
/** The newest checkpoint of a pipeline that is kept for another file than the open one. */
export interface CheckpointElsewhere {
  readonly id: number;
  readonly at: number;
  /** Null: of this document, before it was saved. */
  readonly path: string | null;
  /** Whether that file is still there. */
  readonly exists: boolean;
}
export interface RunOutput {
  readonly node: string;
  readonly kind: 'sqlite' | 'table' | 'file' | 'printed' | 'topic' | 'memory';
  readonly path?: string;
  readonly topic?: string;
  readonly table?: string;
  /** Rows that the sink has taken since the start from scratch, except those that failed. */
  readonly rows: number;
  /** Of these, what the output contains now; the others are removed if the run ends before it commits. Absent in the history of older versions. */
  readonly committedRows?: number;
  /** Of these, what earlier runs have written, from which it resumed. */
  readonly earlierRows?: number;
  /** False: the output is as it was before the run. */
  readonly committed: boolean;
}
export interface LogLine {
  readonly at: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly node?: string;
}

/** Rows that failed, were kept, and wait to be replayed. */
export interface WaitingErrors {
  /** The errors table's database. */
  readonly path: string;
  /**
   * `problem`: why the rows of this node cannot be replayed in a run of their own, with the current pipeline, or null. `inRun`: a run that
   * resumes from its latest checkpoint can replay them (`run.start` with `replay`).
   */
  readonly nodes: readonly { readonly node: string; readonly rows: number; readonly problem: Problem | null; readonly inRun: boolean }[];
  /** The newest of them first; `failedAt` in ISO 8601. */
  readonly newest: readonly {
    readonly id: number;
    readonly failedAt: string;
    readonly node: string;
    readonly error: string;
    readonly source: string | null;
    readonly line: number | null;
  }[];
}

/** A pipeline file as the editor opens it. */
export interface OpenedDocument {
  /** Names this document in all later requests. */
  readonly documentId: string;
  readonly pipeline: Pipeline;
  readonly path: string | null;
  /** False: from elsewhere; it reads, writes and runs nothing until `document.trust`. */
  readonly trusted: boolean;
  /** Content stamp of the file, to notice changes by other programs. */
  readonly stamp: string | null;
  /** Set if the file was of an older version: what was updated. */
  readonly migrated?: readonly string[];
}
/** What is trusted, and its current state. */
/** A path of a pipeline that links lead elsewhere. */
export interface LinkedPath {
  readonly path: string;
  /** Absolute, links followed. */
  readonly real: string;
}
export interface TrustedPlace {
  /** A folder covers all pipelines below it, including those that are added or changed. */
  readonly kind: 'file' | 'folder';
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
  /** A changed file is not trusted in its current form; `unknown`: it cannot be read. */
  readonly state: 'unchanged' | 'changed' | 'missing' | 'unknown';
}
export interface RecentFile {
  readonly path: string;
  readonly name: string;
  readonly openedAt: number;
  readonly exists: boolean;
}
/** What a file to be opened is: a pipeline, or data and the source that reads it. */
export type RecognisedFile =
  | { readonly kind: 'pipeline'; readonly path: string }
  | {
      readonly kind: 'data';
      /** The node to add, with its params and a title after the file's name. */
      readonly type: string;
      readonly params: { readonly [name: string]: Json };
      readonly title: string;
    };
export interface ExampleFile {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly path: string;
  /** The positions of its nodes, for a small drawing; edges by the indexes of their nodes. */
  readonly sketch: {
    readonly nodes: readonly { readonly x: number; readonly y: number; readonly type: string }[];
    readonly edges: readonly (readonly [from: number, to: number])[];
  };
}
export interface Autosave {
  readonly id: string;
  readonly path: string | null;
  readonly name: string;
  readonly savedAt: number;
}
export interface FolderListing {
  readonly path: string;
  readonly parent: string | null;
  readonly entries: readonly { readonly name: string; readonly folder: boolean; readonly size: number; readonly modifiedAt: number }[];
}
export interface Table {
  readonly name: string;
  readonly rows: number | null;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}
export interface QueryResult {
  readonly columns: readonly Column[];
  readonly rows: readonly Cells[];
  /** All rows of the query, when it could be counted cheaply. */
  readonly total: number | null;
  readonly elapsedMs: number;
}
export type { Detected, Parameter, Pipeline, Problem, Schema, SeenLine };
