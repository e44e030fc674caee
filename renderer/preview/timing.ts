import { useSession } from '../session/session.ts';

/** Entries of `performance.getEntriesByName(previewMeasure)`: from an edit to the painted rows that result from it. */
export const previewMeasure = 'millrace:preview';
const keptMeasures = 300;

let editedAt: number | null = null;
// At the edit itself, before React has drawn any of it.
useSession.subscribe((state, old) => {
  if (state.pipeline !== old.pipeline) editedAt = performance.now();
});

/** When the newest edit was made, unless that was before the previous call. */
export function takeEditTime(): number | null {
  const taken = editedAt;
  editedAt = null;
  return taken;
}

/** Measures from `start` to the next painted frame. */
export function measurePainted(start: number, detail: { readonly rows: number; readonly requestMs: number; readonly engineMs: number }): void {
  requestAnimationFrame(() => {
    // A message is handled after the frame of this callback was submitted for painting.
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      if (performance.getEntriesByName(previewMeasure).length > keptMeasures) performance.clearMeasures(previewMeasure);
      performance.measure(previewMeasure, { start, end: performance.now(), detail });
    };
    channel.port2.postMessage(null);
  });
}
