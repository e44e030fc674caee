/** Moving and selecting in a grid by keyboard. Pure. */

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}
/** `anchor` stays while Shift extends; `active` is the cell that moves. */
export interface GridSelection {
  readonly anchor: CellPlace;
  readonly active: CellPlace;
}
export interface GridSize {
  readonly rows: number;
  readonly columns: number;
  /** Rows per page key. */
  readonly page: number;
}
export interface KeyPress {
  readonly key: string;
  readonly shift: boolean;
  /** Ctrl, or Command on a Mac. */
  readonly control: boolean;
}

/** The selection after a key, or null if the key does not move it. */
export function moveSelection(selection: GridSelection | null, press: KeyPress, size: GridSize): GridSelection | null {
  if (size.rows === 0 || size.columns === 0) return null;
  const all = { anchor: { row: 0, column: 0 }, active: { row: size.rows - 1, column: size.columns - 1 } };
  if (press.control && press.key.toLowerCase() === 'a') return all;
  const from = selection?.active ?? { row: 0, column: 0 };
  const to = target(from, press, size);
  if (!to) return null;
  if (!selection) return { anchor: from, active: from };
  const active = { row: clamp(to.row, size.rows), column: clamp(to.column, size.columns) };
  return { anchor: press.shift ? selection.anchor : active, active };
}

function target({ row, column }: CellPlace, { key, control }: KeyPress, size: GridSize): CellPlace | null {
  switch (key) {
    case 'ArrowUp':
      return { row: control ? 0 : row - 1, column };
    case 'ArrowDown':
      return { row: control ? size.rows - 1 : row + 1, column };
    case 'ArrowLeft':
      return { row, column: control ? 0 : column - 1 };
    case 'ArrowRight':
      return { row, column: control ? size.columns - 1 : column + 1 };
    case 'PageUp':
      return { row: row - size.page, column };
    case 'PageDown':
      return { row: row + size.page, column };
    case 'Home':
      return { row: control ? 0 : row, column: 0 };
    case 'End':
      return { row: control ? size.rows - 1 : row, column: size.columns - 1 };
    default:
      return null;
  }
}

/** The selected rectangle; bounds are inclusive. */
export interface GridRange {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function selectedRange({ anchor, active }: GridSelection): GridRange {
  return {
    top: Math.min(anchor.row, active.row),
    bottom: Math.max(anchor.row, active.row),
    left: Math.min(anchor.column, active.column),
    right: Math.max(anchor.column, active.column),
  };
}

/** Keeps a selection inside a grid that has become smaller; null if nothing of it is left. */
export function clampSelection(selection: GridSelection | null, rows: number, columns: number): GridSelection | null {
  if (!selection || rows === 0 || columns === 0) return null;
  const into = (place: CellPlace): CellPlace => ({ row: clamp(place.row, rows), column: clamp(place.column, columns) });
  return { anchor: into(selection.anchor), active: into(selection.active) };
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
