import { expect, it } from 'vitest';
import { Link } from './link.ts';
import type { FromInstance } from './messages.ts';

it('an instance whose first rows cannot be delivered fails its start', async () => {
  let tell: (message: FromInstance) => void = () => {};
  const handle = {
    post: () => {},
    onMessage: (listener: typeof tell) => {
      tell = listener;
    },
    onLost: () => {},
    terminate: async () => {},
  };
  const failures: unknown[] = [];
  const refused = new Error('No room');
  const link = new Link(handle, [], { onWork: () => Promise.reject(refused), onFailed: (error) => failures.push(error), onStats: () => {}, onTold: () => {} });
  tell({ kind: 'work', packs: [], events: [] });
  await expect(link.start()).rejects.toBe(refused);
  expect(failures).toEqual([refused]);
});
