import { session } from '../session/session.ts';

/** Opens the palette if need be and puts the cursor into its search. */
export function focusPaletteSearch(): void {
  session.set('palette', true);
  const select = () => document.querySelector<HTMLInputElement>('.palette input')?.select();
  // At once where it is there already: the next key may be on its way.
  if (document.querySelector('.palette')) select();
  else requestAnimationFrame(select);
}
