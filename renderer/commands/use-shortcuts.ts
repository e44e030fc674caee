import { useEffect } from 'react';
import { isDialogOpen } from '../app/dialogs.tsx';
import { session } from '../session/session.ts';
import { isEnabled } from './command.ts';
import { commands, runCommand } from './registry.ts';
import { isTyping, matches } from './shortcut.ts';

/** Cut, copy and paste come as clipboard events, which need no permission; their keys are left to the browser. */
const native = new Set(['edit.cut', 'edit.copy', 'edit.paste']);
/** Keys that mean something to a focused button, link, tab or list, and are then theirs. */
const widgetKeys = /^(Enter| |Escape|Home|End|Tab|Arrow\w+)$/;

/** Listens for the shortcuts of all commands, and for the native menu where there is one. */
export function useShortcuts(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isDialogOpen() || inOverlay(event.target)) return;
      const typing = isTyping(event.target);
      const onWidget = widgetKeys.test(event.key) && !onCanvas(event.target);
      const command = commands.find(
        (candidate) =>
          !native.has(candidate.name) &&
          (candidate.scope !== 'canvas' || (!typing && !onWidget)) &&
          candidate.shortcuts?.some((shortcut) => matches(shortcut, event)) &&
          isEnabled(candidate, session.state),
      );
      // A known shortcut that is out of place just now must not fall through to the browser (F5 would reload the page).
      const known = command ?? commands.find((candidate) => candidate.scope !== 'canvas' && candidate.shortcuts?.some((shortcut) => matches(shortcut, event)));
      if (!known) return;
      event.preventDefault();
      if (command) void runCommand(command.name);
    };
    window.addEventListener('keydown', press);
    const stop = window.desktop?.onCommand((name) => void runCommand(name));
    return () => {
      window.removeEventListener('keydown', press);
      stop?.();
    };
  }, []);
}

function inOverlay(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null;
}
function onCanvas(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.closest('.react-flow') !== null && target.closest('button, a') === null);
}
