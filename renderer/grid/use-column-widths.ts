import { useRef, useState } from 'react';
import { itemAt } from '../../model/faults/missing.ts';
import type { Zone } from '../../model/time/zone.ts';
import type { Column } from '../../model/values/types.ts';
import type { PageCache } from './page-source.ts';
import { autoWidth, minColumnWidth } from './widths.ts';

export interface ColumnWidths {
  readonly widths: readonly number[];
  resize(column: number, width: number): void;
  /** Makes a column as wide as the loaded rows need. */
  fit(column: number): void;
}

const fittedRows = 200;
const maxFittedWidth = 900;

/**
 * A width per column. It is estimated once per column, name and type, so that columns keep their width while their rows are replaced.
 * Another `layoutKey` (another node, another query), and times in another `zone`, are estimated again.
 */
export function useColumnWidths(columns: readonly Column[], cache: PageCache, layoutKey: string, zone: Zone): ColumnWidths {
  const known = useRef({ layoutKey, zone, byColumn: new Map<string, number>() });
  const [, redraw] = useState(0);
  if (known.current.layoutKey !== layoutKey || known.current.zone !== zone) known.current = { layoutKey, zone, byColumn: new Map() };
  const { byColumn } = known.current;

  const rowsHere = (count: number) => Array.from({ length: Math.min(count, cache.source.total) }, (_, row) => cache.row(row));
  const widths = columns.map((column, index) => {
    const key = keyOf(column);
    const width = byColumn.get(key) ?? autoWidth(column, index, rowsHere(60), { zone });
    // Rows that are not loaded yet may need more room than the header alone.
    if (cache.row(0) || cache.source.total === 0) byColumn.set(key, width);
    return width;
  });

  const set = (column: number, width: number) => {
    byColumn.set(keyOf(itemAt(columns, column)), Math.max(minColumnWidth, Math.round(width)));
    redraw((count) => count + 1);
  };
  return {
    widths,
    resize: set,
    fit: (column) => set(column, autoWidth(itemAt(columns, column), column, rowsHere(fittedRows), { max: maxFittedWidth, zone })),
  };
}

function keyOf(column: Column): string {
  return `${column.type} ${column.name}`;
}
