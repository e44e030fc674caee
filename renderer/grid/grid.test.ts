import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cells } from '../../engine/protocol/messages.ts';
import { zoneOf } from '../../model/time/zone.ts';
import type { Column } from '../../model/values/types.ts';
import { bytesLength, bytesText, cellText, elapsedText, fullText, rowsText, timestampText } from '../format/value-text.ts';
import { toTsv } from './copy.ts';
import { clampSelection, moveSelection, selectedRange } from './navigation.ts';
import { memorySource, PageCache, pageSize } from './page-source.ts';
import { columnStarts, columnWindow, contentHeight, maxScrollHeight, rowHeight, rowWindow, scrollToColumn, scrollToRow } from './viewport.ts';
import { autoWidths } from './widths.ts';

const column = (name: string, type: Column['type']): Column => ({ name, type, nullable: true });

describe('format', () => {
  it('shows each type on one line', () => {
    expect(cellText('a\nb\tc', 'string')).toBe('a⏎b⇥c');
    expect(cellText(1.5, 'number')).toBe('1.5');
    expect(cellText(false, 'boolean')).toBe('false');
    expect(cellText({ a: [1, 2] }, 'json')).toBe('{"a":[1,2]}');
    expect(cellText({ $bytes: 'AAEC' }, 'bytes')).toBe('3 B');
    expect(cellText(null, 'string')).toBe('');
    expect(cellText('x'.repeat(1000), 'string')).toHaveLength(401);
  });
  it('shows times without the noise, and in full for copies', () => {
    expect(timestampText(Date.UTC(2024, 0, 31, 12))).toBe('2024-01-31 12:00:00');
    expect(timestampText(Date.UTC(2024, 0, 31, 12) + 5)).toBe('2024-01-31 12:00:00.005');
    expect(fullText(Date.UTC(2024, 0, 31), 'timestamp')).toBe('2024-01-31T00:00:00.000Z');
    expect(timestampText(1e20)).toBe('100000000000000000000');
  });
  it('shows times as a clock in a zone does, so that an hour that comes twice is told apart', () => {
    const berlin = zoneOf('Europe/Berlin')!;
    const hour = 3_600_000;
    const change = Date.UTC(2026, 9, 25, 0, 30);
    expect(timestampText(change, berlin)).toBe('2026-10-25 02:30:00 +02:00');
    expect(timestampText(change + hour, berlin)).toBe('2026-10-25 02:30:00 +01:00');
    expect(cellText(change + 5, 'timestamp', zoneOf('-03:30')!)).toBe('2026-10-24 21:00:00.005 -03:30');
    expect(cellText('2026-10-25', 'date', berlin)).toBe('2026-10-25');
    for (const end of [8.64e15, -8.64e15]) expect(timestampText(end, zoneOf(end > 0 ? '+01:00' : '-01:00')!)).toContain('+00:00');
    // The copy has the value, wherever it is shown.
    expect(fullText(change, 'timestamp')).toBe('2026-10-25T00:30:00.000Z');
  });
  it('counts bytes of base64', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => bytesLength({ $bytes: Buffer.from(bytes).toString('base64') }) === bytes.length));
    expect(bytesLength({ $bytes: 'AA==', other: 1 })).toBeNull();
    expect([bytesText(0), bytesText(1500), bytesText(999_960), bytesText(3_210_000)]).toEqual(['0 B', '1.5 kB', '1.0 MB', '3.2 MB']);
  });
  it('words counts and durations', () => {
    expect([rowsText(1), rowsText(1234567)]).toEqual(['1 row', '1,234,567 rows']);
    expect([elapsedText(0.42), elapsedText(12.4), elapsedText(1340)]).toEqual(['0.4 ms', '12 ms', '1.3 s']);
  });
});

describe('viewport', () => {
  it('always covers the view, at every scroll position of any number of rows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50_000_000 }),
        fc.integer({ min: 50, max: 2000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (total, height, part) => {
          const scrollTop = Math.max(0, contentHeight(total) - height) * part;
          const { first, last, offset } = rowWindow(scrollTop, height, total);
          expect(first).toBeGreaterThanOrEqual(0);
          expect(last).toBeLessThanOrEqual(total);
          expect(offset).toBeLessThanOrEqual(scrollTop + 0.01);
          const bottom = offset + (last - first) * rowHeight;
          expect(bottom).toBeGreaterThanOrEqual(Math.min(scrollTop + height, contentHeight(total)) - 0.01);
          expect(last - first).toBeLessThan(height / rowHeight + 16);
        },
      ),
    );
  });
  it('makes a row visible, and does not move when it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000_000 }), fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (total, pick, part) => {
        const height = 240;
        const row = pick % total;
        const scrollTop = scrollToRow(row, Math.max(0, contentHeight(total) - height) * part, height, total);
        const { first, offset } = rowWindow(scrollTop, height, total);
        const top = offset + (row - first) * rowHeight;
        expect(top).toBeGreaterThanOrEqual(scrollTop - 0.5);
        expect(Math.min(top + rowHeight, contentHeight(total))).toBeLessThanOrEqual(scrollTop + height + 0.5);
        expect(scrollToRow(row, scrollTop, height, total)).toBeCloseTo(scrollTop, 0);
      }),
    );
  });
  it('caps the height of very long grids', () => {
    expect(contentHeight(100_000)).toBe(2_400_000);
    expect(contentHeight(10_000_000)).toBe(maxScrollHeight);
  });
  it('finds the visible columns', () => {
    const starts = columnStarts([100, 100, 100, 100]);
    expect(starts).toEqual([0, 100, 200, 300, 400]);
    expect(columnWindow(starts, 0, 150)).toEqual({ first: 0, last: 3 });
    expect(columnWindow(starts, 250, 100)).toEqual({ first: 1, last: 4 });
    expect(columnWindow([0], 0, 100)).toEqual({ first: 0, last: 0 });
    expect(scrollToColumn(3, starts, 0, 250)).toBe(150);
    expect(scrollToColumn(0, starts, 150, 250)).toBe(0);
    expect(scrollToColumn(2, starts, 150, 250)).toBe(150);
  });
});

describe('navigation', () => {
  const size = { rows: 100, columns: 5, page: 10 };
  const press = (key: string, shift = false, control = false) => ({ key, shift, control });
  it('moves, pages, jumps and stays inside', () => {
    const at = (row: number, column: number) => ({ anchor: { row, column }, active: { row, column } });
    expect(moveSelection(null, press('ArrowDown'), size)).toEqual(at(0, 0));
    expect(moveSelection(at(0, 0), press('ArrowUp'), size)).toEqual(at(0, 0));
    expect(moveSelection(at(3, 2), press('PageDown'), size)).toEqual(at(13, 2));
    expect(moveSelection(at(95, 2), press('PageDown'), size)).toEqual(at(99, 2));
    expect(moveSelection(at(3, 2), press('End'), size)).toEqual(at(3, 4));
    expect(moveSelection(at(3, 2), press('End', false, true), size)).toEqual(at(99, 4));
    expect(moveSelection(at(3, 2), press('ArrowLeft', false, true), size)).toEqual(at(3, 0));
    expect(moveSelection(at(3, 2), press('x'), size)).toBeNull();
  });
  it('extends with Shift, and selects everything', () => {
    const once = moveSelection({ anchor: { row: 3, column: 2 }, active: { row: 3, column: 2 } }, press('ArrowUp', true), size)!;
    expect(selectedRange(once)).toEqual({ top: 2, bottom: 3, left: 2, right: 2 });
    expect(selectedRange(moveSelection(once, press('a', false, true), size)!)).toEqual({ top: 0, bottom: 99, left: 0, right: 4 });
  });
  it('shrinks with the grid', () => {
    const selection = { anchor: { row: 90, column: 4 }, active: { row: 95, column: 4 } };
    expect(clampSelection(selection, 10, 2)).toEqual({ anchor: { row: 9, column: 1 }, active: { row: 9, column: 1 } });
    expect(clampSelection(selection, 0, 2)).toBeNull();
  });
});

describe('copy', () => {
  it('quotes what would break a line, writes null as nothing, and names the columns of a range', () => {
    const columns = [column('a', 'string'), column('at', 'timestamp'), column('c', 'json')];
    const rows: Cells[] = [
      ['x\ty', 0, { k: 'v' }],
      [null, null, null],
    ];
    expect(toTsv(columns, rows, { left: 0, right: 2 }, true)).toBe('a\tat\tc\n"x\ty"\t1970-01-01T00:00:00.000Z\t"{""k"":""v""}"\n\t\t');
    expect(toTsv(columns, rows.slice(0, 1), { left: 1, right: 1 }, false)).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('pages', () => {
  const rows: Cells[] = Array.from({ length: 1000 }, (_, i) => [i]);
  it('has rows of memory at once', () => {
    const cache = new PageCache(memorySource([column('n', 'integer')], rows), () => {});
    cache.want(0, 450);
    expect(cache.row(450)).toEqual([450]);
    expect(cache.row(999)).toBeNull();
  });
  it('fetches a page once, keeps order of use, and tells an error', async () => {
    const asked: number[] = [];
    let fail = false;
    const source = {
      columns: [column('n', 'integer')],
      total: 1_000_000,
      read: async (offset: number, limit: number): Promise<Cells[]> => {
        asked.push(offset);
        if (fail) throw new Error('database is locked');
        return Array.from({ length: limit }, (_, i) => [offset + i]);
      },
    };
    let changes = 0;
    const cache = new PageCache(source, () => changes++);
    cache.want(10, 20);
    cache.want(10, 20);
    await new Promise((resolve) => setTimeout(resolve));
    expect(asked).toEqual([0]);
    expect(changes).toBe(1);
    for (let page = 1; page <= 100; page++) {
      cache.want(0, 0);
      cache.want(page * pageSize, page * pageSize);
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(cache.row(0)).toEqual([0]);
    expect(cache.row(pageSize)).toBeNull();
    fail = true;
    cache.want(pageSize, pageSize);
    await new Promise((resolve) => setTimeout(resolve));
    expect(cache.error?.message).toBe('database is locked');
  });
});

describe('widths', () => {
  it('follow header and content within bounds', () => {
    const columns = [column('id', 'integer'), column('a_rather_long_name', 'string'), column('note', 'string')];
    const [id, long, note] = autoWidths(columns, [[1, 'x', 'y'.repeat(500)], null]) as [number, number, number];
    expect(id).toBeGreaterThanOrEqual(48);
    expect(long).toBeGreaterThan(id);
    expect(note).toBe(340);
  });
});
