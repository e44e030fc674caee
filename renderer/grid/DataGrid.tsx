// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be drawn in part.
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Cells } from '../../engine/protocol/messages.ts';
import { lastOf, missing } from '../../model/faults/missing.ts';
import { countText } from '../format/value-text.ts';
import { useShownZone } from '../session/time-zone.ts';
import { CellViewer, type ShownCell } from './CellViewer.tsx';
import { writeClipboard } from './clipboard.ts';
import { copyRowLimit, toTsv } from './copy.ts';
import styles from './DataGrid.module.css';
import { GridHeader } from './GridHeader.tsx';
import { GridRow } from './GridRow.tsx';
import { type CellPlace, clampSelection, type GridSelection, moveSelection, selectedRange } from './navigation.ts';
import { PageCache, type PageSource } from './page-source.ts';
import { useColumnWidths } from './use-column-widths.ts';
import { columnStarts, columnWindow, contentHeight, headerHeight, rowHeight, rowWindow, scrollToColumn, scrollToRow } from './viewport.ts';

export interface DataGridProps {
  readonly source: PageSource;
  /** Accessible name. */
  readonly label: string;
  /** Identifies what is shown: while it stays the same, scroll position, selection and widths stay when the source changes. */
  readonly layoutKey: string;
  /** The rows are outdated and new ones are awaited. */
  readonly dimmed?: boolean;
  /** Called after rows of a new source have been committed to the page. */
  readonly onDrawn?: (source: PageSource) => void;
}

/**
 * Rows in a grid that draws only the visible ones, whatever their number. Arrow keys, Page and Home/End move, Shift extends, Ctrl+C copies
 * tab-separated text, Enter shows a value in full.
 */
export function DataGrid({ source, label, layoutKey, dimmed, onDrawn }: DataGridProps) {
  const { columns, total } = source;
  const id = useId();
  const view = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const cache = useMemo(() => new PageCache(source, () => redraw((count) => count + 1)), [source]);
  const [scroll, setScroll] = useState({ top: 0, left: 0, width: 800, height: 400 });
  const [selection, setSelection] = useState<GridSelection | null>(null);
  const [shown, setShown] = useState<ShownCell | null>(null);

  const gutter = 26 + 7 * countText(Math.max(total, 99)).length;
  const viewHeight = Math.max(rowHeight, scroll.height - headerHeight);
  const rows = rowWindow(Math.min(scroll.top, Math.max(0, contentHeight(total) - viewHeight)), viewHeight, total);
  cache.want(rows.first, Math.max(rows.first, rows.last - 1));
  const zone = useShownZone();
  const columnWidths = useColumnWidths(columns, cache, layoutKey, zone);
  const widthKey = columnWidths.widths.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the widths' array is new at each rendering, its content is the key.
  const starts = useMemo(() => columnStarts(columnWidths.widths), [widthKey]);
  const columnsShown = columnWindow(starts, scroll.left, scroll.width - gutter);
  const selected = clampSelection(selection, total, columns.length);
  const range = selected && selectedRange(selected);

  const measure = useCallback(() => {
    const element = view.current;
    if (!element) return;
    const next = { top: element.scrollTop, left: element.scrollLeft, width: element.clientWidth, height: element.clientHeight };
    setScroll((old) => (old.top === next.top && old.left === next.left && old.width === next.width && old.height === next.height ? old : next));
  }, []);

  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (view.current) observer.observe(view.current);
    return () => observer.disconnect();
  }, [measure]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another layout key means other rows.
  useLayoutEffect(() => {
    setSelection(null);
    setShown(null);
    if (view.current) {
      view.current.scrollTop = 0;
      view.current.scrollLeft = 0;
    }
    measure();
  }, [layoutKey, measure]);

  useEffect(() => onDrawn?.(source), [source, onDrawn]);

  const reveal = (place: CellPlace) => {
    const element = view.current ?? missing('the grid');
    element.scrollTop = scrollToRow(place.row, element.scrollTop, viewHeight, total);
    element.scrollLeft = scrollToColumn(place.column, starts, element.scrollLeft, element.clientWidth - gutter);
    measure();
  };

  const show = (place: CellPlace) => {
    const cells = cache.row(place.row);
    const column = columns[place.column];
    if (cells && column) setShown({ column, row: place.row, value: cells[place.column] ?? null });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.key === 'Enter' || event.key === 'F2') && selected) {
      event.preventDefault();
      show(selected.active);
      return;
    }
    const size = { rows: total, columns: columns.length, page: Math.max(1, Math.floor(viewHeight / rowHeight) - 1) };
    const next = moveSelection(selected, { key: event.key, shift: event.shiftKey, control: event.ctrlKey || event.metaKey }, size);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    setSelection(next);
    // Selecting everything must not scroll to the end.
    if (event.key.toLowerCase() !== 'a') reveal(next.active);
  };

  const onMouseDown = (event: MouseEvent) => {
    const from = placeAt(event.target);
    if (!from || event.button !== 0) return;
    view.current?.focus({ preventScroll: true });
    event.preventDefault();
    const whole = from.column < 0;
    const start = whole ? { row: from.row, column: 0 } : from;
    const anchor = event.shiftKey && selected ? selected.anchor : start;
    const end = (place: CellPlace) => (whole ? { row: place.row, column: columns.length - 1 } : { row: place.row, column: Math.max(0, place.column) });
    setSelection({ anchor, active: end(from) });
    const move = (moved: globalThis.MouseEvent) => {
      const place = placeAt(moved.target);
      if (place) setSelection({ anchor, active: end(place) });
    };
    window.addEventListener('mousemove', move);
    window.addEventListener('mouseup', () => window.removeEventListener('mousemove', move), { once: true });
  };

  const selectColumn = (column: number, extend: boolean) => {
    if (total === 0) return;
    view.current?.focus({ preventScroll: true });
    const anchor = { row: 0, column: extend && selected ? selected.anchor.column : column };
    setSelection({ anchor, active: { row: total - 1, column } });
  };

  const onCopy = (event: ClipboardEvent) => {
    if (!range || event.defaultPrevented || document.activeElement !== view.current) return;
    event.preventDefault();
    const count = Math.min(copyRowLimit, range.bottom - range.top + 1);
    const single = range.top === range.bottom && range.left === range.right;
    const text = (read: readonly Cells[]) => toTsv(columns, read, range, !single);
    const read = readRows(source, range.top, count);
    if (read instanceof Promise) void read.then((all) => writeClipboard(text(all)));
    else event.clipboardData?.setData('text/plain', text(read));
  };
  const copying = useRef(onCopy);
  copying.current = onCopy;
  // On the document: the target of the event differs between versions of Chromium, the focused element does not.
  useEffect(() => {
    const copy = (event: ClipboardEvent) => copying.current(event);
    document.addEventListener('copy', copy);
    return () => document.removeEventListener('copy', copy);
  }, []);

  const drawn = [];
  for (let index = rows.first; index < rows.last; index++) {
    const inRange = range !== null && index >= range.top && index <= range.bottom;
    drawn.push(
      <GridRow
        key={index}
        id={id}
        index={index}
        cells={cache.row(index)}
        columns={columns}
        starts={starts}
        firstColumn={columnsShown.first}
        lastColumn={columnsShown.last}
        top={rows.offset + (index - rows.first) * rowHeight}
        gutter={gutter}
        range={inRange ? range : null}
        zone={zone}
        activeColumn={selected && index === selected.active.row ? selected.active.column : null}
      />,
    );
  }
  const width = gutter + lastOf(starts);
  return (
    <div className={styles.frame}>
      <div
        ref={view}
        className={styles.grid}
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={total + 1}
        aria-colcount={columns.length + 1}
        aria-multiselectable
        aria-busy={dimmed || undefined}
        aria-activedescendant={selected ? `${id}-${selected.active.row}-${selected.active.column}` : undefined}
        data-dimmed={dimmed || undefined}
        onScroll={measure}
        onKeyDown={onKeyDown}
        onMouseDown={onMouseDown}
        onDoubleClick={(event) => {
          const place = placeAt(event.target);
          if (place && place.column >= 0) show(place);
        }}
      >
        <GridHeader
          columns={columns}
          starts={starts}
          firstColumn={columnsShown.first}
          lastColumn={columnsShown.last}
          gutter={gutter}
          zone={zone}
          columnWidths={columnWidths}
          onSelect={selectColumn}
        />
        <div role="rowgroup" className={styles.body} style={{ height: contentHeight(total), width }}>
          {drawn}
        </div>
      </div>
      {cache.error && (
        <div role="alert" className={styles.notice}>
          {cache.error.message}
        </div>
      )}
      <CellViewer
        cell={shown}
        zone={zone}
        onClose={() => {
          setShown(null);
          view.current?.focus({ preventScroll: true });
        }}
      />
    </div>
  );
}

/** The cell under a pointer; column -1 for a row number. */
function placeAt(target: EventTarget | null): CellPlace | null {
  const element = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  if (!element) return null;
  return { row: Number(element.dataset.row), column: element.dataset.column === undefined ? -1 : Number(element.dataset.column) };
}

/** Rows of a source, immediately if it has them in memory. */
function readRows(source: PageSource, offset: number, count: number): readonly Cells[] | Promise<readonly Cells[]> {
  const first = source.read(offset, Math.min(count, 10_000));
  if (!(first instanceof Promise)) return count <= 10_000 ? first : source.read(offset, count);
  return first.then(async (rows) => {
    const all = [...rows];
    while (all.length < count) {
      const more = await source.read(offset + all.length, Math.min(10_000, count - all.length));
      if (more.length === 0) break;
      all.push(...more);
    }
    return all;
  });
}
