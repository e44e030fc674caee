const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.platform);

const symbols: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', ' ': 'Space', Escape: 'Esc' };
const macSymbols: Record<string, string> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Ctrl: '⌃', Delete: '⌦', Backspace: '⌫', Enter: '↩' };

/** `Mod+Shift+S` as users read it: `Ctrl+Shift+S`, on a Mac `⇧⌘S`. */
export function showShortcut(shortcut: string, mac = isMac): string {
  const keys = shortcut.split('+').map((key) => symbols[key] ?? key);
  if (!mac) return keys.map((key) => (key === 'Mod' ? 'Ctrl' : key)).join('+');
  const rank = ['Ctrl', 'Alt', 'Shift', 'Mod'];
  return [
    ...keys.filter((key) => rank.includes(key)).sort((left, right) => rank.indexOf(left) - rank.indexOf(right)),
    ...keys.filter((key) => !rank.includes(key)),
  ]
    .map((key) => macSymbols[key] ?? key)
    .join('');
}

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

/**
 * Whether an event is this shortcut, with exactly its modifiers. A character such as `?` or `/` counts whichever keys the keyboard needs
 * for it.
 */
export function matches(shortcut: string, event: Pressed, mac = isMac): boolean {
  const keys = shortcut.split('+');
  const key = keys.at(-1) ?? '';
  const isSign = key.length === 1 && !/[a-z0-9]/i.test(key);
  const mod = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    mod === keys.includes('Mod') &&
    other === keys.includes('Ctrl') &&
    event.altKey === keys.includes('Alt') &&
    (isSign || event.shiftKey === keys.includes('Shift'))
  );
}
