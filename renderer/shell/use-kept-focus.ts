import { type RefObject, useEffect } from 'react';

const controls = 'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [role="grid"][tabindex="0"]';

/**
 * Keeps the focus within a part of the editor when the focused control is removed, such as a button that fixes a problem: the first control
 * of the innermost remaining element takes the focus, or the one that `otherwise` focuses. After a mouse click nothing is done.
 */
export function useKeptFocus(part: RefObject<HTMLElement | null>, otherwise: () => void): void {
  useEffect(() => {
    const root = part.current;
    if (!root) return;
    /** The focused control, and its ancestors; innermost first. */
    let path: readonly Element[] = [];
    let isMouse = false;
    const remember = ({ target }: FocusEvent) => {
      path = target instanceof Element ? pathWithin(root, target) : [];
    };
    const point = () => {
      isMouse = true;
    };
    const press = () => {
      isMouse = false;
    };
    // A browser may report a removed control as blurred; if it still exists, the user left it.
    const forget = () =>
      queueMicrotask(() => {
        if (path[0]?.isConnected && document.activeElement !== path[0]) path = [];
      });
    const observer = new MutationObserver(() => {
      if (path[0]?.isConnected ?? true) return;
      const left = path.filter((element) => element.isConnected);
      path = [];
      if (isMouse || document.activeElement !== document.body) return;
      const control = firstControl(left);
      if (control) control.focus();
      else otherwise();
    });
    root.addEventListener('focusin', remember);
    root.addEventListener('focusout', forget);
    root.addEventListener('pointerdown', point, true);
    root.addEventListener('keydown', press, true);
    observer.observe(root, { childList: true, subtree: true });
    return () => {
      root.removeEventListener('focusin', remember);
      root.removeEventListener('focusout', forget);
      root.removeEventListener('pointerdown', point, true);
      root.removeEventListener('keydown', press, true);
      observer.disconnect();
    };
  }, [part, otherwise]);
}

function pathWithin(root: Element, target: Element): Element[] {
  const path: Element[] = [];
  for (let at: Element | null = target; at && at !== root; at = at.parentElement) path.push(at);
  return path;
}

function firstControl(places: readonly Element[]): HTMLElement | undefined {
  for (const place of places) {
    const control = [...place.querySelectorAll<HTMLElement>(controls)].find((each) => each.tabIndex >= 0 && each.checkVisibility());
    if (control) return control;
  }
  return undefined;
}
