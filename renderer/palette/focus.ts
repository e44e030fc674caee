import { session } from '../session/session.ts';

/** Opens the palette if need be and puts the cursor into its search. */
export function focusPaletteSearch(): void {
  session.set('palette', true);
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>('.palette input')?.select());
}
