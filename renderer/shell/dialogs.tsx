import { type ReactNode, useEffect, useSyncExternalStore } from 'react';

interface OpenDialog {
  readonly id: number;
  readonly render: (close: (result: unknown) => void) => ReactNode;
  readonly resolve: (result: unknown) => void;
}

let open: readonly OpenDialog[] = [];
let nextId = 1;
/** The element that had the focus before the first open dialog; it gets the focus back after the last. */
let opener: HTMLElement | null = null;
const listeners = new Set<() => void>();

/** Shows a dialog above the editor and resolves with its result; null if it is dismissed. `render` gets the function that closes it. */
export function showDialog<T>(render: (close: (result: T | null) => void) => ReactNode): Promise<T | null> {
  return new Promise((resolve) => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused !== document.body && !focused.closest('#overlays')) opener = focused;
    open = [...open, { id: nextId++, render: render as OpenDialog['render'], resolve: resolve as OpenDialog['resolve'] }];
    for (const listener of listeners) listener();
  });
}

export function isDialogOpen(): boolean {
  return open.length > 0;
}

/** Draws the open dialogs; placed once. */
export function Dialogs(): ReactNode {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
  return shown.map((dialog) => <Hosted key={dialog.id} dialog={dialog} />);
}

function Hosted({ dialog }: { readonly dialog: OpenDialog }): ReactNode {
  useEffect(() => returnFocus, []);
  return dialog.render((result) => {
    open = open.filter((other) => other !== dialog);
    for (const listener of listeners) listener();
    dialog.resolve(result ?? null);
  });
}

function returnFocus(): void {
  if (open.length > 0) return;
  if (document.activeElement === document.body && opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}
