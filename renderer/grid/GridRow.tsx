// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active cell (aria-activedescendant).
// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be drawn in part.
import { memo } from 'react';
import type { Cells } from '../../engine/protocol/messages.ts';
import { itemAt } from '../../model/faults/missing.ts';
import type { Zone } from '../../model/time/zone.ts';
import type { Column } from '../../model/values/types.ts';
import { alignsRight, cellText, countText } from '../format/value-text.ts';
import styles from './DataGrid.module.css';
import type { GridRange } from './navigation.ts';
import { columnBox, rowHeight } from './viewport.ts';

export interface GridRowProps {
  readonly id: string;
  readonly index: number;
  /** Null while the row is being fetched. */
  readonly cells: Cells | null;
  readonly columns: readonly Column[];
  readonly starts: readonly number[];
  readonly firstColumn: number;
  readonly lastColumn: number;
  readonly top: number;
  readonly gutter: number;
  /** The selected columns of this row, if any. */
  readonly range: Pick<GridRange, 'left' | 'right'> | null;
  readonly activeColumn: number | null;
  /** In which timestamps are shown. */
  readonly zone: Zone;
}

export const GridRow = memo(
  function GridRow({ id, index, cells, columns, starts, firstColumn, lastColumn, top, gutter, range, activeColumn, zone }: GridRowProps) {
    const drawn = [];
    for (let column = firstColumn; column < lastColumn; column++) {
      const { type } = itemAt(columns, column);
      const { left, width } = columnBox(starts, column);
      const value = cells?.[column] ?? null;
      const text = cells ? (value === null ? 'null' : cellText(value, type, zone)) : '';
      const selected = range !== null && column >= range.left && column <= range.right;
      const className = [styles.cell, alignsRight(type) && styles.right, cells && value === null && styles.null, !cells && styles.pending]
        .filter(Boolean)
        .join(' ');
      drawn.push(
        <div
          key={column}
          id={`${id}-${index}-${column}`}
          role="gridcell"
          aria-colindex={column + 2}
          aria-selected={selected}
          data-row={index}
          data-column={column}
          data-active={column === activeColumn || undefined}
          className={className}
          style={{ left: gutter + left, width }}
        >
          {text}
        </div>,
      );
    }
    return (
      <div role="row" aria-rowindex={index + 2} className={styles.row} style={{ transform: `translateY(${top}px)`, height: rowHeight }}>
        <div role="rowheader" className={styles.number} style={{ width: gutter }} data-row={index}>
          {countText(index + 1)}
        </div>
        {drawn}
      </div>
    );
  },
  (before, after) =>
    before.cells === after.cells &&
    before.index === after.index &&
    before.top === after.top &&
    before.columns === after.columns &&
    before.starts === after.starts &&
    before.firstColumn === after.firstColumn &&
    before.lastColumn === after.lastColumn &&
    before.gutter === after.gutter &&
    before.activeColumn === after.activeColumn &&
    before.zone === after.zone &&
    before.range?.left === after.range?.left &&
    before.range?.right === after.range?.right,
);
