import { session } from '../session/session.ts';

/** Opens the palette if necessary and puts the cursor into its search. */
export function focusPaletteSearch(): void {
  session.set('palette', true);
  const select = () => document.querySelector<HTMLInputElement>('.palette input')?.select();
  // Immediately if it is open already: the next key may follow.
  if (document.querySelector('.palette')) select();
  else requestAnimationFrame(select);
}
