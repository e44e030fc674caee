import { type FSWatcher, watch } from 'node:fs';
import { connectionsFileName } from '../document/connections.ts';

/** A file that is replaced is told of several times. */
const settlesMs = 50;

/** Hears of connections that others change: a pull, a text editor, another window. Where a folder cannot be watched, the next check sees it. */
export class ConnectionsWatch {
  readonly #onChanged: (documentId: string) => void;
  readonly #watched = new Map<string, { readonly folder: string; readonly watcher: FSWatcher | null; timer?: NodeJS.Timeout }>();

  constructor(onChanged: (documentId: string) => void) {
    this.#onChanged = onChanged;
  }

  /** Of this document, in this folder from now on. */
  follow(documentId: string, folder: string): void {
    if (this.#watched.get(documentId)?.folder === folder) return;
    this.forget(documentId);
    let watcher: FSWatcher | null = null;
    try {
      watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || name === connectionsFileName) this.#soon(documentId);
      });
      watcher.on('error', () => {});
    } catch {
      // It is not there yet, or its file system tells nothing.
      return;
    }
    this.#watched.set(documentId, { folder, watcher });
  }

  forget(documentId: string): void {
    const watched = this.#watched.get(documentId);
    clearTimeout(watched?.timer);
    watched?.watcher?.close();
    this.#watched.delete(documentId);
  }

  close(): void {
    for (const id of [...this.#watched.keys()]) this.forget(id);
  }

  #soon(documentId: string): void {
    const watched = this.#watched.get(documentId);
    if (!watched) return;
    clearTimeout(watched.timer);
    watched.timer = setTimeout(() => this.#onChanged(documentId), settlesMs);
  }
}
