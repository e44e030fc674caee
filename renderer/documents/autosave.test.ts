import { beforeEach, expect, test, vi } from 'vitest';

const world = vi.hoisted(() => ({
  id: 'mine',
  state: { isEdited: true, pipeline: {}, documentId: 'd', path: null },
  asked: [] as string[],
  /** Stops requests to the engine. */
  answers: [] as (() => void)[],
}));
vi.mock('../session/session.ts', () => ({
  session: {
    get state() {
      return world.state;
    },
    request: (name: string, { id }: { id: string }) => {
      world.asked.push(`${name} ${id}`);
      return new Promise<null>((resolve) => world.answers.push(() => resolve(null)));
    },
  },
}));
vi.mock('../shell/notify.ts', () => ({ notifyError: vi.fn() }));
vi.mock('./window-id.ts', () => ({
  windowId: async () => world.id,
  takeWindowId: async (id: string) => {
    world.id = id;
    return true;
  },
}));
const { adoptAutosave, discardAutosave, writeAutosave } = await import('./autosave.ts');

async function answerNext(): Promise<void> {
  await vi.waitFor(() => expect(world.answers).not.toEqual([]));
  world.answers.shift()!();
}

beforeEach(async () => {
  const discarded = discardAutosave();
  await Promise.resolve();
  if (world.answers.length > 0) await answerNext();
  await discarded;
  Object.assign(world, { id: 'mine', state: { isEdited: true, pipeline: {}, documentId: 'd', path: null }, asked: [] });
});

test('a copy that is still being written when the document is saved is discarded after it', async () => {
  const written = writeAutosave();
  const discarded = discardAutosave();
  await answerNext();
  await written;
  await answerNext();
  await discarded;
  expect(world.asked).toEqual(['autosave.write mine', 'autosave.discard mine']);
});

test('what was written under the name that a window had before it took a copy over is discarded', async () => {
  const written = writeAutosave();
  const adopted = adoptAutosave('theirs');
  await answerNext();
  await written;
  await answerNext();
  await adopted;
  expect(world.asked).toEqual(['autosave.write mine', 'autosave.discard mine']);
  const discarded = discardAutosave();
  await answerNext();
  await discarded;
  expect(world.asked.at(-1)).toBe('autosave.discard theirs');
});
