import { useEffect } from 'react';
import { session } from '../session/session.ts';
import { isEnabled } from '../shell/commands/command.ts';
import { explainKept } from '../shell/commands/explain-kept.ts';
import { allCommands, commandOf, runCommand } from '../shell/commands/registry.ts';
import { isCanvasEntered, isInScope, placeOf, watchCanvasFocus } from '../shell/commands/scope.ts';
import { matches } from '../shell/commands/shortcut.ts';
import { isDialogOpen } from '../shell/dialogs.tsx';

/** Cut, copy and paste arrive as clipboard events, which need no permission; their keys are left to the browser. */
const native = new Set(['edit.cut', 'edit.copy', 'edit.paste']);
/** Keys that a focused button or link uses itself. */
const widgetKeys = /^(Enter| |Escape|Home|End|Tab|Arrow\w+)$/;

/** Listens for the shortcuts of all commands, and for the native menu if there is one. */
export function useShortcuts(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isDialogOpen()) return;
      const place = placeOf(event.target);
      if (place === 'overlay') return;
      const isOwnKey = widgetKeys.test(event.key) && event.target instanceof Element && event.target.closest('button, a') !== null;
      const meant = allCommands().filter(({ shortcuts }) => shortcuts?.some((shortcut) => matches(shortcut, event)));
      const command = meant.find(
        (candidate) =>
          !native.has(candidate.name) &&
          isInScope(candidate, place) &&
          (!isOwnKey || (candidate.scope ?? 'global') === 'global') &&
          isEnabled(candidate, session.state),
      );
      if (command?.removes && !isCanvasEntered()) return explainKept();
      // A known shortcut that is disabled now must not reach the browser (F5 would reload the page).
      const isKnown = meant.some(
        ({ name, scope = 'global' }) => scope === 'global' || (place !== 'text' && (event.ctrlKey || event.metaKey) && !native.has(name)),
      );
      if (!command && !isKnown) return;
      event.preventDefault();
      if (command) void runCommand(command.name);
    };
    window.addEventListener('keydown', press);
    const stopWatching = watchCanvasFocus();
    const stop = window.desktop?.onCommand(runFromMenu);
    return () => {
      window.removeEventListener('keydown', press);
      stopWatching();
      stop?.();
    };
  }, []);
}

/** What the entries of a native menu do in a text. */
const textCommands: Readonly<Record<string, string>> = {
  'edit.undo': 'undo',
  'edit.redo': 'redo',
  'edit.cut': 'cut',
  'edit.copy': 'copy',
  'edit.paste': 'paste',
  'edit.selectAll': 'selectAll',
  'edit.delete': 'delete',
};

/**
 * A native menu does not change the focus, so its entries mean what the keys would mean there. `byKey`: the entry's shortcut was pressed,
 * rather than the entry chosen.
 */
function runFromMenu(name: string, byKey: boolean): void {
  const command = commandOf(name);
  const place = placeOf(document.activeElement);
  if (isInScope(command, place) && (!byKey || !command.removes || isCanvasEntered())) return void runCommand(name);
  const ofText = textCommands[name];
  if (ofText && place === 'text') document.execCommand(ofText);
  else if (name === 'edit.copy' && place === 'grid') document.execCommand('copy');
  else if (!byKey && !isDialogOpen() && place !== 'overlay') void runCommand(name);
}
