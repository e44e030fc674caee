// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active cell (aria-activedescendant).
// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be drawn in part.
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid's own keys do all that clicks do.
// biome-ignore-all lint/a11y/noStaticElementInteractions: handles for the pointer only.

import type { PointerEvent } from 'react';
import { itemAt, lastOf } from '../../model/faults/missing.ts';
import { visible } from '../../model/text/visible-text.ts';
import type { Zone } from '../../model/time/zone.ts';
import type { Column } from '../../model/values/types.ts';
import { alignsRight } from '../format/value-text.ts';
import { todaysName } from '../session/time-zone.ts';
import styles from './DataGrid.module.css';
import { TypeIcon } from './TypeIcon.tsx';
import type { ColumnWidths } from './use-column-widths.ts';
import { columnBox, headerHeight } from './viewport.ts';

export interface GridHeaderProps {
  readonly columns: readonly Column[];
  readonly starts: readonly number[];
  readonly firstColumn: number;
  readonly lastColumn: number;
  readonly gutter: number;
  /** In which timestamps are shown. */
  readonly zone: Zone;
  readonly columnWidths: ColumnWidths;
  readonly onSelect: (column: number, extend: boolean) => void;
}

/** Column names above the rows: a click selects the column, its right edge resizes it, a double click there fits it. */
export function GridHeader({ columns, starts, firstColumn, lastColumn, gutter, zone, columnWidths, onSelect }: GridHeaderProps) {
  const drawn = [];
  for (let index = firstColumn; index < lastColumn; index++) {
    const column = itemAt(columns, index);
    const { left, width } = columnBox(starts, index);
    const name = visible(column.name);
    drawn.push(
      <div
        key={index}
        role="columnheader"
        aria-colindex={index + 2}
        aria-label={`${name} ${column.type}`}
        title={`${name}\n${column.type}${column.type === 'timestamp' ? `, shown in ${todaysName(zone.name)}` : ''}${column.nullable ? ', may be null' : ''}`}
        className={[styles.heading, alignsRight(column.type) && styles.right].filter(Boolean).join(' ')}
        style={{ left: gutter + left, width }}
        onClick={(event) => onSelect(index, event.shiftKey)}
      >
        <TypeIcon type={column.type} />
        <span className={styles.name}>{name}</span>
        <span
          className={styles.handle}
          onClick={(event) => event.stopPropagation()}
          onDoubleClick={() => columnWidths.fit(index)}
          onPointerDown={(event) => startResize(event, itemAt(columnWidths.widths, index), (width) => columnWidths.resize(index, width))}
        />
      </div>,
    );
  }
  return (
    <div role="row" aria-rowindex={1} className={styles.header} style={{ height: headerHeight, width: gutter + lastOf(starts) }}>
      <div role="columnheader" aria-label="Row number" className={styles.corner} style={{ width: gutter }} />
      {drawn}
    </div>
  );
}

function startResize(event: PointerEvent<HTMLElement>, startWidth: number, resize: (width: number) => void): void {
  if (event.button !== 0) return;
  event.preventDefault();
  event.stopPropagation();
  const handle = event.currentTarget;
  const startX = event.clientX;
  handle.setPointerCapture(event.pointerId);
  const move = (moved: globalThis.PointerEvent) => resize(startWidth + moved.clientX - startX);
  const end = () => handle.removeEventListener('pointermove', move);
  handle.addEventListener('pointermove', move);
  handle.addEventListener('lostpointercapture', end, { once: true });
}
