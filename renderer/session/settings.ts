import type { Json } from '../../model/values/types.ts';
import { defaultSettings, getState, type Settings, setState } from './state.ts';

const storageKey = 'millrace-settings';
const engineKey = 'editor';
const writeDelayMs = 500;
let timer: ReturnType<typeof setTimeout> | undefined;
/** By setting, when it was stored last: dragging a panel must not delay storing a choice of the theme. */
const storedAt = new Map<string, number>();

/** The page's own copy: available before the engine has answered, so that theme and panels are right from the first frame. */
export function readLocalSettings(): void {
  try {
    merge(JSON.parse(localStorage.getItem(storageKey) ?? '{}'));
  } catch {
    // Storage that is unreadable or forbidden: the defaults are used.
  }
}

/** The engine's copy is for all windows and ports of this machine, and takes precedence. */
export async function readEngineSettings(): Promise<void> {
  const stored = await getState().client?.request('settings.read', { key: engineKey });
  if (stored && typeof stored === 'object' && !Array.isArray(stored)) merge(stored as Partial<Settings>);
}

export function writeSetting(key: string, value: Json): void {
  const { settings } = getState();
  if (Object.is(settings[key], value)) return;
  setState({ settings: { ...settings, [key]: value } as Settings });
  clearTimeout(timer);
  // At once, so that a choice made just before the window closes is kept; dragging a panel causes bursts.
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
