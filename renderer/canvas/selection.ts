import { copyNodes, pasteNodes } from '../../engine/document/clipboard.ts';
import { moveNodes, removeItems } from '../../engine/document/edits.ts';
import type { Position } from '../../engine/document/pipeline.ts';
import { startRename } from '../graph/rename.ts';
import { describeSelection } from '../graph/selection-text.ts';
import { ensureVisible, focusCard } from '../graph/viewport.ts';
import { session } from '../session/session.ts';
import { enterCanvas } from '../shell/commands/scope.ts';
import { notifyUndoable } from '../shell/notify-undoable.tsx';

export function deleteSelection(): void {
  removeSelection('Delete');
}

/** Removes the selection and says so, with a button to undo it. */
export function removeSelection(how: 'Delete' | 'Cut'): void {
  const { selection } = session.state;
  const what = describeSelection();
  session.edit(`${how} ${what}`, (pipeline) => removeItems(pipeline, selection));
  session.select({});
  notifyUndoable(`${how === 'Cut' ? 'Cut' : 'Deleted'} ${what}.`);
}

export function duplicateSelection(): void {
  const { selection, pipeline } = session.state;
  const corner = upperLeft(selection.nodes.map((id) => pipeline.layout[id] ?? { x: 0, y: 0 }));
  pasteText(copyNodes(pipeline, selection.nodes), { x: corner.x + 32, y: corner.y + 88 }, `Duplicate ${describeSelection()}`);
}

/** Adds copied nodes and selects them; false if the text is not ours. */
export function pasteText(text: string, at: Position, label: string): boolean {
  let ids: readonly string[] | null = null;
  session.edit(label, (pipeline) => {
    const pasted = pasteNodes(pipeline, text, at);
    ids = pasted?.ids ?? null;
    return pasted?.pipeline ?? pipeline;
  });
  if (!ids) return false;
  session.select({ nodes: ids });
  ensureVisible(ids);
  return true;
}

/** Moves the selected nodes; consecutive presses are one step. */
export function nudge(x: number, y: number): void {
  const { selection, pipeline } = session.state;
  const moved = Object.fromEntries(
    selection.nodes.map((id) => {
      const at = pipeline.layout[id] ?? { x: 0, y: 0 };
      return [id, { x: at.x + x, y: at.y + y }];
    }),
  );
  session.edit(`Move ${describeSelection()}`, (before) => moveNodes(before, moved), { merge: `nudge ${selection.nodes.join()}` });
}

/** Selects the nearest node in a direction, or the first one if none is selected. */
export function moveSelection(x: number, y: number): void {
  const { selection, pipeline } = session.state;
  const from = pipeline.layout[selection.nodes[0] ?? ''];
  const ids = Object.keys(pipeline.nodes);
  if (!from) {
    if (ids[0]) session.select({ nodes: [ids[0]] });
    return;
  }
  // Distance along the direction, with the distance beside it counted double.
  const ranked = ids
    .filter((id) => id !== selection.nodes[0])
    .map((id) => {
      const at = pipeline.layout[id] ?? { x: 0, y: 0 };
      const along = (at.x - from.x) * x + (at.y - from.y) * y;
      const aside = Math.abs((at.x - from.x) * y) + Math.abs((at.y - from.y) * x);
      return { id, along, distance: along + 2 * aside };
    })
    .filter(({ along }) => along > 0)
    .sort((left, right) => left.distance - right.distance);
  const next = ranked[0]?.id;
  if (!next) return;
  session.select({ nodes: [next] });
  ensureVisible([next]);
  focusCard(next);
  enterCanvas();
}

export function renameSelection(): void {
  const [id] = session.state.selection.nodes;
  if (!id) return;
  enterCanvas();
  startRename(id);
}

function upperLeft(places: readonly Position[]): Position {
  return { x: Math.min(...places.map((place) => place.x)), y: Math.min(...places.map((place) => place.y)) };
}
