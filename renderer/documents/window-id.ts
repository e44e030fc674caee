/**
 * The name under which this window keeps its unsaved work. It survives a reload, through the storage of the window. A copy of the window (a
 * duplicated tab, `window.open`) comes with a copy of that storage and gets a name of its own: the window that holds the lock of a name has
 * it.
 */
const storageKey = 'millrace-autosave-id';
/** The page before a reload releases its lock a moment after this one has begun. */
const patienceMs = 2_000;

let current: Promise<string> | null = null;
let release = () => {};

export function windowId(): Promise<string> {
  current ??= claim(sessionStorage.getItem(storageKey));
  return current;
}

/** Takes the name of a copy that was restored here, if no other window has it. False: this window keeps its own. */
export async function takeWindowId(id: string): Promise<boolean> {
  await windowId();
  const before = release;
  if (!(await lock(id, 0))) return false;
  before();
  sessionStorage.setItem(storageKey, id);
  current = Promise.resolve(id);
  return true;
}

async function claim(stored: string | null): Promise<string> {
  if (stored !== null && (await lock(stored, patienceMs))) return stored;
  const id = crypto.randomUUID();
  await lock(id, 0);
  sessionStorage.setItem(storageKey, id);
  return id;
}

/** Holds the lock until the page is closed or `release` is called; false if another page still has it after the wait. */
function lock(id: string, waitMs: number): Promise<boolean> {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const hold = (held: Lock | null) => {
      resolve(held !== null);
      return held === null ? undefined : new Promise<void>((done) => (release = done));
    };
    const options = waitMs === 0 ? { ifAvailable: true } : { signal: AbortSignal.timeout(waitMs) };
    locks.request(`${storageKey} ${id}`, options, hold).catch(() => resolve(false));
  });
}
