import { DefaultDeserializer } from 'node:v8';

declare module 'v8' {
  interface DefaultDeserializer {
    /** Documented by Node, and missing in its types. */
    _readHostObject(): unknown;
  }
}

/**
 * As `deserialize` of node:v8. That makes views of the serialized bytes for typed arrays, and so keeps all of them for as long as one of its
 * arrays is kept; here small arrays are copied out.
 */
export function deserializeOwn(bytes: Uint8Array): unknown {
  const from = new OwnBytes(bytes);
  from.readHeader();
  return from.readValue();
}

class OwnBytes extends DefaultDeserializer {
  readonly #length: number;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#length = bytes.byteLength;
  }

  override _readHostObject(): unknown {
    const view = super._readHostObject();
    if (!ArrayBuffer.isView(view) || view instanceof DataView || view.byteLength * 2 > this.#length) return view;
    // A Buffer's own `slice` would give a view again.
    return Uint8Array.prototype.slice.call(view);
  }
}
