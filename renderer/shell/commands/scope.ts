/** The target of a key or a clipboard event: decided by the focus. */
import { isDialogOpen } from '../dialogs.tsx';
import type { Command } from './command.ts';

/**
 * `nowhere`: the page itself has the focus, for example after the focused element was removed. `widget`: a button, a tab, any control that
 * takes no text.
 */
export type Place = 'text' | 'overlay' | 'grid' | 'canvas' | 'nowhere' | 'widget';

const textFields =
  'input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"], [type="range"], [type="color"], [type="file"]), textarea, select, [contenteditable="true"], .monaco-editor';

/** Whether a text field takes the keys pressed here. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(textFields) !== null;
}

export function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof Element) || target === document.body || target === document.documentElement) return 'nowhere';
  if (target.closest('[role="dialog"], [role="menu"], [role="listbox"]')) return 'overlay';
  if (isTyping(target)) return 'text';
  if (target.closest('[role="grid"]')) return 'grid';
  return target.closest('.canvas') ? 'canvas' : 'widget';
}

const places: Readonly<Record<NonNullable<Command['scope']>, ReadonlySet<Place>>> = {
  global: new Set<Place>(['text', 'grid', 'canvas', 'nowhere', 'widget']),
  document: new Set<Place>(['canvas', 'nowhere', 'widget']),
  canvas: new Set<Place>(['canvas', 'nowhere']),
};

/** Whether a key triggers this command while the focus is at a place. */
export function isInScope({ scope = 'global' }: Pick<Command, 'scope'>, place: Place): boolean {
  return !isDialogOpen() && places[scope].has(place);
}

let isEntered = false;
let isTabbing = false;

/**
 * True while the focus is in the canvas because the user moved it there, with the pointer or with Tab. If it only fell back to the canvas,
 * since a field, a menu or a dialog was closed, the next Backspace may still be meant for the text.
 */
export function isCanvasEntered(): boolean {
  return isEntered;
}
/** For actions that are clearly on the canvas without a click: dropping a node there, moving from node to node. */
export function enterCanvas(): void {
  isEntered = true;
}

/** Tracks how the focus moves to the canvas; returns a function that stops it. */
export function watchCanvasFocus(): () => void {
  const isInside = (target: EventTarget | null) => target instanceof Element && target.closest('.canvas') !== null && placeOf(target) !== 'overlay';
  const press = ({ target }: Event) => {
    isTabbing = false;
    isEntered = isInside(target);
  };
  const key = (event: KeyboardEvent) => {
    isTabbing = event.key === 'Tab';
    if (event.key === 'Escape' && ['text', 'overlay'].includes(placeOf(event.target))) isEntered = false;
  };
  const focus = ({ target }: Event) => {
    if (!isInside(target)) isEntered = false;
    else if (isTabbing) isEntered = true;
  };
  document.addEventListener('pointerdown', press, true);
  document.addEventListener('keydown', key, true);
  document.addEventListener('focusin', focus, true);
  return () => {
    document.removeEventListener('pointerdown', press, true);
    document.removeEventListener('keydown', key, true);
    document.removeEventListener('focusin', focus, true);
  };
}
