import { type DragEvent, useState } from 'react';
import { itemAt } from '../../../model/faults/missing.ts';

/** The list with the item at `from` moved to `to`; the same list when that changes nothing. */
export function moved<T>(items: readonly T[], from: number, to: number): readonly T[] {
  if (from === to || from < 0 || to < 0 || from >= items.length || to >= items.length) return items;
  return items.filter((_, index) => index !== from).toSpliced(to, 0, itemAt(items, from));
}

/** Dragging an item by its handle onto another one's place. Keyboard users have buttons and Alt+arrows. */
export function useReorder(move: (from: number, to: number) => void) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const end = () => {
    setDragged(null);
    setOver(null);
  };
  return {
    handle: (index: number) => ({
      draggable: true,
      onDragStart: (event: DragEvent) => {
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData('application/x-millrace-item', String(index));
        setDragged(index);
      },
      onDragEnd: end,
    }),
    item: (index: number) => ({
      'data-over': (over === index && dragged !== null && dragged !== index) || undefined,
      onDragOver: (event: DragEvent) => {
        if (dragged === null) return;
        event.preventDefault();
        setOver(index);
      },
      onDrop: (event: DragEvent) => {
        if (dragged === null) return;
        event.preventDefault();
        move(dragged, index);
        end();
      },
    }),
  };
}
