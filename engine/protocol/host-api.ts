/** The protocol between a workbench process and the host that forked it: what a workbench may ask of the supervisor. */
import type { Schema } from '../../model/values/types.ts';
import type { Cells, LogLine, RunSummary } from './messages.ts';
import type { RunJob, StopMode } from './run-api.ts';

export interface HostProtocol {
  readonly requests: {
    readonly 'runs.start': { readonly params: RunJob; readonly result: RunSummary };
    readonly 'runs.stop': { readonly params: { readonly runId: string; readonly how: StopMode }; readonly result: null };
    readonly 'runs.pause': { readonly params: { readonly runId: string }; readonly result: null };
    readonly 'runs.resume': { readonly params: { readonly runId: string }; readonly result: null };
    readonly 'runs.checkpoint': { readonly params: { readonly runId: string }; readonly result: { readonly id: number } };
    readonly 'runs.list': { readonly params: Record<string, never>; readonly result: readonly RunSummary[] };
    readonly 'runs.logs': { readonly params: { readonly runId: string }; readonly result: readonly LogLine[] };
    /** Encrypts with the key of the desktop's user; null where the host has no such key. */
    readonly 'secrets.seal': { readonly params: { readonly text: string }; readonly result: string | null };
    readonly 'secrets.unseal': { readonly params: { readonly sealed: string }; readonly result: string };
    readonly 'runs.inspect': {
      readonly params: { readonly runId: string; readonly node: string; readonly limit: number; readonly port?: string };
      readonly result: { readonly schema: Schema; readonly rows: readonly Cells[] };
    };
  };
  readonly events: {
    readonly 'runs.changed': RunSummary;
    readonly 'runs.logged': { readonly runId: string; readonly line: LogLine };
  };
}

/** What a host tells a workbench process at its start, as JSON in its second argument. */
export interface WorkbenchSettings {
  readonly dataFolder: string;
  readonly examplesFolder: string;
  readonly appVersion: string;
  /** The host can encrypt secrets with a key that the operating system keeps. */
  readonly seals?: boolean;
  /** A pipeline file to open, or null. */
  readonly open: string | null;
  /** Why the previous workbench ended, if it did so by itself. */
  readonly crashed: string | null;
}
