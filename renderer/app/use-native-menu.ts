import { useEffect } from 'react';
import type { DesktopMenu } from '../../engine/protocol/desktop.ts';
import { type SessionState, useSession } from '../session/session.ts';
import { isEnabled, labelOf } from '../shell/commands/command.ts';
import { menus } from '../shell/commands/menus.ts';
import { commandOf } from '../shell/commands/registry.ts';

/** Keeps the desktop's menu bar the same as the one that the page would draw. */
export function useNativeMenu(): void {
  const text = useSession((state) => (window.desktop ? JSON.stringify(nativeMenus(state)) : ''));
  useEffect(() => {
    if (text) window.desktop?.setMenu(JSON.parse(text) as DesktopMenu[]);
  }, [text]);
}

export function nativeMenus(state: SessionState): DesktopMenu[] {
  return menus.map(({ label, entries }) => ({
    label,
    entries: entries.map((name) => {
      if (name === null) return null;
      const command = commandOf(name);
      // A key without modifiers, as a native shortcut, would never reach a text field.
      const shortcut = command.shortcuts?.find((candidate) => /Mod|Alt|^F\d|\+F\d/.test(candidate));
      const checked = command.checked?.(state);
      return {
        label: labelOf(command, state),
        command: name,
        enabled: isEnabled(command, state),
        ...(shortcut ? { shortcut } : {}),
        ...(checked === undefined ? {} : { checked }),
      };
    }),
  }));
}
