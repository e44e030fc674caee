import { expect, it } from 'vitest';
import { Client, type Protocol, portPair } from './connection.ts';

interface Told extends Protocol {
  requests: { attach: { params: object; result: string } };
  events: { changed: string };
}

it('an event that arrives together with an answer reaches who listens once the answer is there', async () => {
  const [near, far] = portPair();
  far.onFrame((frame) => {
    const { id } = frame as { readonly id: number };
    far.post({ kind: 'reply', id, result: 'running' });
    far.post({ kind: 'event', name: 'changed', data: 'done' });
  });
  const client = new Client<Told>(near);
  // As in a function that returns the answer to one that returns it in turn.
  const attach = async () => await client.request('attach', {});
  const heard: string[] = [await attach()];
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.on('changed', (data) => heard.push(data));
  await Promise.resolve();
  expect(heard).toEqual(['running', 'done']);
});
