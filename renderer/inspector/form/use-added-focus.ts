import { useEffect, useRef } from 'react';

/**
 * Moves the focus into a row that was just added. Give `ref` to the element with the rows, and call `added` together with the change that
 * makes the new row the last one.
 */
export function useAddedFocus<T extends HTMLElement>(count: number) {
  const ref = useRef<T>(null);
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    if (wanted.current !== count) return;
    wanted.current = null;
    const rows = ref.current?.querySelectorAll<HTMLElement>(':scope > [data-row-of]');
    rows?.[rows.length - 1]?.querySelector<HTMLElement>('input, textarea, [role="textbox"]')?.focus();
  }, [count]);
  return {
    ref,
    added: () => {
      wanted.current = count + 1;
    },
  };
}
