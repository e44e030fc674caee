import { types } from 'node:util';

type Label = ConstructorParameters<typeof TextDecoder>[0];

/**
 * `TextDecoder` and `TextEncoder` for users' code. Node's own are not part of the language: they keep Node's objects in properties, and
 * throw Node's errors, all of which lockdown leaves open to change. Here both stay inside.
 */
export const textCoders = {
  TextDecoder: class TextDecoder {
    readonly #decoder: InstanceType<typeof globalThis.TextDecoder>;

    constructor(label: Label = 'utf-8', options?: { readonly fatal?: unknown; readonly ignoreBOM?: unknown } | null) {
      const name = `${label}`;
      const chosen = { fatal: Boolean(options?.fatal), ignoreBOM: Boolean(options?.ignoreBOM) };
      this.#decoder = confined(() => new globalThis.TextDecoder(name, chosen));
    }

    get encoding(): string {
      return this.#decoder.encoding;
    }

    get fatal(): boolean {
      return this.#decoder.fatal;
    }

    get ignoreBOM(): boolean {
      return this.#decoder.ignoreBOM;
    }

    decode(bytes: unknown = new Uint8Array(), options?: { readonly stream?: unknown } | null): string {
      const stream = Boolean(options?.stream);
      if (!ArrayBuffer.isView(bytes) && !types.isArrayBuffer(bytes)) throw new TypeError('Only bytes can be decoded');
      return confined(() => this.#decoder.decode(bytes as ArrayBuffer, { stream }));
    }
  },
  TextEncoder: class TextEncoder {
    get encoding(): string {
      return 'utf-8';
    }

    encode(text: unknown = ''): Uint8Array {
      return encoder.encode(`${text}`);
    }

    encodeInto(text: unknown, bytes: unknown): { readonly read: number; readonly written: number } {
      const source = `${text}`;
      if (!types.isUint8Array(bytes)) throw new TypeError('Text is encoded into an Uint8Array');
      return confined(() => encoder.encodeInto(source, bytes));
    }
  },
};

const encoder = new TextEncoder();

/** What `work` returns or throws, errors as the language's own. */
function confined<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const Kind = error instanceof RangeError ? RangeError : TypeError;
    throw new Kind((error as Error).message);
  }
}
