/** What a checkpoint has of keyed state. */
import { join } from 'node:path';
import type { HeldEntries } from '../../store/keyed-cache.ts';

/** What `NodeStates.snapshot` gives. */
export type KeyedSnapshot =
  /** All of it, as node:v8 serialises `HeldState[]`. */
  | { readonly kind: 'held'; readonly version: number; readonly states: Uint8Array }
  /** What the state file has as of a version. */
  | {
      readonly kind: 'stored';
      readonly version: number;
      readonly states: readonly { readonly node: string; readonly name: string; readonly entries: number; readonly sum: number }[];
    };
export interface HeldState extends HeldEntries {
  readonly node: string;
  readonly name: string;
}

/** Where a folder has its state. */
export function stateFile(folder: string): string {
  return join(folder, 'state.db');
}
