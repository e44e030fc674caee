import type { Icon } from '@tabler/icons-react';
import type { SessionState, session } from '../../session/session.ts';

/** One action of the editor. Menu, toolbar, shortcuts, context menus, command palette and tests all use this object. */
export interface Command {
  /** Stable, `area.action`; a native menu sends it. */
  readonly name: string;
  readonly label: string | ((state: SessionState) => string);
  readonly icon?: Icon;
  /** What it does, if the label alone does not say. */
  readonly help?: string;
  /** `Mod+Shift+S`: Mod is Ctrl, on a Mac Cmd. The first one is shown. */
  readonly shortcuts?: readonly string[];
  /**
   * Where its shortcuts apply (scope.ts). `global`: everywhere but in dialogs and menus. `document`: neither where text is typed nor in
   * grids, which have keys of their own. `canvas`: only with the focus in the canvas, or nowhere.
   */
  readonly scope?: 'global' | 'document' | 'canvas';
  /** It deletes something: its shortcuts need a canvas that the user has entered, not one to which the focus fell back. */
  readonly removes?: boolean;
  readonly enabled?: (state: SessionState) => boolean;
  /** For entries that are on or off. */
  readonly checked?: (state: SessionState) => boolean;
  /** May return a promise; if it rejects, the error is shown to the user. */
  readonly run: (actions: typeof session) => unknown;
}

export function labelOf(command: Command, state: SessionState): string {
  return typeof command.label === 'function' ? command.label(state) : command.label;
}
export function isEnabled(command: Command, state: SessionState): boolean {
  return command.enabled?.(state) ?? true;
}
