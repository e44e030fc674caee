import type { Json } from '../../model/values/types.ts';
import { defaultSettings, getState, type Settings, setState } from './state.ts';

const storageKey = 'millrace-settings';
const engineKey = 'editor';
const writeDelayMs = 500;
let timer: ReturnType<typeof setTimeout> | undefined;
/** By setting, when it was stored last: a panel that is dragged must not hold back the choice of a theme. */
const storedAt = new Map<string, number>();

/** The page's own copy: there before the engine has answered, so that theme and panels are right from the first frame. */
export function readLocalSettings(): void {
  try {
    merge(JSON.parse(localStorage.getItem(storageKey) ?? '{}'));
  } catch {
    // Unreadable or forbidden storage: the defaults will do.
  }
}

/** The engine's copy holds for all windows and ports of this machine, and wins. */
export async function readEngineSettings(): Promise<void> {
  const stored = await getState().client?.request('settings.read', { key: engineKey });
  if (stored && typeof stored === 'object' && !Array.isArray(stored)) merge(stored as Partial<Settings>);
}

export function writeSetting(key: string, value: Json): void {
  const { settings } = getState();
  if (Object.is(settings[key], value)) return;
  setState({ settings: { ...settings, [key]: value } as Settings });
  clearTimeout(timer);
  // At once, so that a choice made just before the window closes stays; a panel that is dragged comes in bursts.
  const now = performance.now();
  const wait = (storedAt.get(key) ?? -writeDelayMs) + writeDelayMs - now;
  if (wait > 0) {
    timer = setTimeout(store, wait);
    return;
  }
  storedAt.set(key, now);
  store();
}

function store(): void {
  const { settings, client } = getState();
  try {
    localStorage.setItem(storageKey, JSON.stringify(settings));
  } catch {
    // See readLocalSettings.
  }
  client?.request('settings.write', { key: engineKey, value: settings }).catch(() => {});
}

function merge(stored: Partial<Settings>): void {
  setState({ settings: { ...defaultSettings, ...getState().settings, ...stored } as Settings });
}
