import { moveNodes } from '../../engine/document/edits.ts';
import type { Position } from '../../engine/document/pipeline.ts';
import { itemAt, lastOf } from '../../model/faults/missing.ts';
import { cardSize } from '../graph/flow.ts';
import { flow } from '../graph/viewport.ts';
import { session } from '../session/session.ts';

export type Alignment = 'left' | 'top' | 'middle' | 'row' | 'column';
interface Box extends Position {
  readonly height: number;
}

/** New positions for the boxes, by id. `row` and `column` give equal gaps between the outermost two. */
export function aligned(boxes: { readonly [id: string]: Box }, how: Alignment): { readonly [id: string]: Position } {
  const all = Object.entries(boxes);
  if (all.length < 2) return {};
  const values = all.map(([, box]) => box);
  const left = Math.min(...values.map((box) => box.x));
  const top = Math.min(...values.map((box) => box.y));
  const middle = values.reduce((sum, box) => sum + box.y + box.height / 2, 0) / values.length;
  if (how === 'left') return Object.fromEntries(all.map(([id, box]) => [id, { x: left, y: box.y }]));
  if (how === 'top') return Object.fromEntries(all.map(([id, box]) => [id, { x: box.x, y: top }]));
  if (how === 'middle') return Object.fromEntries(all.map(([id, box]) => [id, { x: box.x, y: middle - box.height / 2 }]));
  const axis = how === 'row' ? 'x' : 'y';
  const sorted = [...all].sort(([, one], [, other]) => one[axis] - other[axis]);
  const first = itemAt(sorted, 0)[1][axis];
  const step = (lastOf(sorted)[1][axis] - first) / (sorted.length - 1);
  return Object.fromEntries(sorted.map(([id, box], index) => [id, { x: box.x, y: box.y, [axis]: first + step * index }]));
}

export function alignNodes(how: Alignment): void {
  const { selection, pipeline } = session.state;
  const boxes = Object.fromEntries(
    selection.nodes.map((id) => {
      const height = flow()?.getInternalNode(id)?.measured.height ?? cardSize.height;
      return [id, { ...(pipeline.layout[id] ?? { x: 0, y: 0 }), height }];
    }),
  );
  session.edit(`Align ${selection.nodes.length} nodes`, (before) => moveNodes(before, aligned(boxes, how)));
}
