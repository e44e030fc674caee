/** The library, fit for threads that are locked down. */
import { createRequire } from 'node:module';
import mysql from 'mysql2';

interface PacketClass {
  _mockBuffer?: Buffer;
}

/**
 * The library assigns to the methods of a buffer on which it tries how long a packet will be. Where `Buffer.prototype` is frozen, only
 * defining them works.
 */
function provideMockBuffer(): void {
  const resolved = createRequire(import.meta.url).resolve('mysql2');
  const packet: PacketClass = createRequire(resolved)('./lib/packets/packet.js');
  const mock = Buffer.alloc(0);
  for (const name in Buffer.prototype) {
    const method: unknown = Reflect.get(mock, name);
    if (typeof method === 'function') Object.defineProperty(mock, name, { value: () => {} });
  }
  packet._mockBuffer = mock;
}

provideMockBuffer();

export default mysql;
