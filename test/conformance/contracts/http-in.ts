import { createServer } from 'node:net';
import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';

/** Rows are sent to the address that was opened last, and kept in the inbox: each start has a port of its own, as a killed one may still have its. */
function sent(): SourceHarness {
  let port = 0;
  return {
    async params() {
      port = await freePort();
      return { port, columns: [{ column: 'n', type: 'integer' }] };
    },
    async add(_, from, to) {
      const body = JSON.stringify(numbers(from, to).map((n) => ({ n })));
      const { status } = await fetch(`http://127.0.0.1:${port}/rows`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body,
      });
      if (status !== 200) throw new Error(`The rows were answered with ${status}`);
    },
    numberOf: ({ n }) => n as number,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export default { 'rows that were sent': sent() };
