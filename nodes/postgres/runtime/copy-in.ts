import type pg from 'pg';

interface Wire {
  query(text: string): void;
  sendCopyFromChunk(bytes: Uint8Array): void;
  endCopyFrom(): void;
}

/** Statements of which one is a COPY from standard input, with its bytes; what `pg.Client.query` takes. */
export class CopyIn implements pg.Submittable {
  readonly done: Promise<void>;
  readonly #text: string;
  readonly #bytes: Uint8Array;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(text: string, bytes: Uint8Array) {
    this.#text = text;
    this.#bytes = bytes;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: unknown): void {
    (connection as Wire).query(this.#text);
  }
  handleCopyInResponse(connection: Wire): void {
    connection.sendCopyFromChunk(this.#bytes);
    connection.endCopyFrom();
  }
  handleError(error: unknown): void {
    this.#reject(error);
  }
  handleReadyForQuery(): void {
    this.#resolve();
  }
  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
}
