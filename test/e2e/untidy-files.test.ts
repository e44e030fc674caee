/** What people have, by mouse and without code: a bank's export to monthly sums, an access log to hourly counts in Berlin's days. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, choose, connect, dragNode, field, gridRows, selectNode } from './gestures.ts';
import { startEmpty } from './pipelines.ts';

const why = missing('browser');

describe.skipIf(why !== null)(`untidy files${why ? ` (${why})` : ''}`, () => {
  it("sums a bank's export by month into SQLite", async () => {
    const folder = temporaryFolder();
    const database = join(folder, 'out.db');
    writeFileSync(join(folder, 'umsatz.csv'), Buffer.from(bankExport, 'latin1'));
    const editor = await openEditor('browser', { data: join(folder, 'data') });
    const { page } = editor;
    await startEmpty(page);

    await dragNode(page, 'CSV file (source)', { x: 80, y: 80 });
    await field(page, 'path').getByRole('textbox').fill(join(folder, 'umsatz.csv'));
    await page.getByRole('button', { name: 'Read as windows-1252' }).first().click();
    await page.getByRole('button', { name: 'Read all 2 by their formats' }).first().click();
    await expect.poll(async () => (await gridRows(page).first().innerText()).split(/\s+/)).toEqual(expect.arrayContaining(['2026-09-30', '-39.99']));
    await setEventTime(page, 'Buchung');
    await editor.shot('untidy-bank-source');

    await dragNode(page, 'Aggregate', { x: 380, y: 80 });
    await connect(page, ['csv_file', 'rows'], ['aggregate', 'rows']);
    await aggregateBy(page, 'Months');
    await addAggregation(page, 0, /^Count/, null, 'bookings');
    await addAggregation(page, 1, /^Sum/, 'Betrag', 'total');
    await intoTable(page, database, 'months');
    await runToEnd(page);
    await editor.shot('untidy-bank-done');

    const rows = readAll(database, 'SELECT * FROM months ORDER BY window_start');
    expect(rows.map(({ window_start, window_end, bookings }) => [window_start, window_end, bookings])).toEqual([
      ['2026-07-01T00:00:00.000Z', '2026-08-01T00:00:00.000Z', 2],
      ['2026-08-01T00:00:00.000Z', '2026-09-01T00:00:00.000Z', 2],
      ['2026-09-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z', 3],
    ]);
    [2487.69, 1450, 2455.51].forEach((sum, i) => {
      expect(rows[i]!['total']).toBeCloseTo(sum, 9);
    });
    expect(editor.errors).toEqual([]);
  });

  it("counts the requests of an access log by the hours of Berlin's days", async () => {
    const folder = temporaryFolder();
    const database = join(folder, 'out.db');
    writeFileSync(join(folder, 'access.log'), accessLog);
    const editor = await openEditor('browser', { data: join(folder, 'data') });
    const { page } = editor;
    await startEmpty(page);

    await dragNode(page, 'Text file', { x: 80, y: 80 });
    await field(page, 'path').getByRole('textbox').fill(join(folder, 'access.log'));
    await choose(page, 'format', /combined/i);
    await expect.poll(() => page.getByRole('columnheader').allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining('status')]));
    await setEventTime(page, 'time');

    await dragNode(page, 'Aggregate', { x: 380, y: 80 });
    await connect(page, ['text_file', 'rows'], ['aggregate', 'rows']);
    await aggregateBy(page, 'Hours', 'Europe/Berlin');
    await addAggregation(page, 0, /^Count/, null, 'requests');
    await intoTable(page, database, 'hours');
    await runToEnd(page);
    await editor.shot('untidy-log-done');

    // The night in which Berlin's clocks go back: two o'clock comes twice.
    expect(readAll(database, 'SELECT window_start, requests FROM hours ORDER BY window_start')).toEqual([
      { window_start: '2026-10-24T23:00:00.000Z', requests: 2 },
      { window_start: '2026-10-25T00:00:00.000Z', requests: 1 },
      { window_start: '2026-10-25T01:00:00.000Z', requests: 3 },
      { window_start: '2026-10-25T02:00:00.000Z', requests: 1 },
    ]);
    expect(editor.errors).toEqual([]);
  });
});

async function setEventTime(page: Page, column: string): Promise<void> {
  await page.getByRole('button', { name: /^Event time/ }).click();
  await field(page, 'eventTime').getByText('A column', { exact: true }).click();
  await choose(page, 'timeColumn', column);
}

async function aggregateBy(page: Page, unit: string, zone?: string): Promise<void> {
  await selectNode(page, 'aggregate');
  await choose(page, 'window', /^The calendar/);
  await choose(page, 'unit', unit);
  if (zone) {
    await field(page, 'zone').getByRole('combobox').fill(zone);
    await page.keyboard.press('Tab');
  }
}

async function addAggregation(page: Page, index: number, what: RegExp, column: string | null, name: string): Promise<void> {
  const part = (of: string) => `aggregations.${index}.${of}`;
  await field(page, 'aggregations').getByRole('button', { name: 'Add aggregation' }).click();
  await choose(page, part('function'), what);
  if (column) await choose(page, part('column'), column);
  await field(page, part('name')).getByRole('textbox').fill(name);
}

async function intoTable(page: Page, database: string, table: string): Promise<void> {
  await dragNode(page, 'SQLite table', { x: 680, y: 80 });
  await connect(page, ['aggregate', 'rows'], ['sqlite_table', 'rows']);
  await selectNode(page, 'sqlite_table');
  await field(page, 'path').getByRole('textbox').fill(database);
  await field(page, 'table').getByRole('textbox').fill(table);
  await expect.poll(() => card(page, 'sqlite_table').innerText()).toContain(table);
}

async function runToEnd(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await bottomPanel(page).getByText('Done').first().waitFor();
}

function readAll(path: string, sql: string): { readonly [column: string]: unknown }[] {
  const database = new Database(path, { readonly: true });
  const rows = database.prepare(sql).all() as { readonly [column: string]: unknown }[];
  database.close();
  return rows;
}

const bankExport = [
  'Umsatzanzeige;Datei erstellt am: 05.10.2026 10:00',
  '',
  'IBAN;DE00 0000',
  'Kontoname;Giro',
  'Zeitraum;01.07.2026 - 30.09.2026',
  'Saldo;1.234,56;EUR',
  '',
  'Sortierung;Datum absteigend',
  '',
  'Buchung;Empfänger;Zweck;Betrag;Währung',
  '30.09.2026;Telefon GmbH;Rechnung für September;-39,99;EUR',
  '15.09.2026;Bäcker Müller;Brötchen;-4,50;EUR',
  '01.09.2026;Arbeitgeber;Gehalt;2.500,00;EUR',
  '31.08.2026;Vermieter;Miete;-1.050,00;EUR',
  '01.08.2026;Arbeitgeber;Gehalt;2.500,00;EUR',
  '31.07.2026;Café Größe;Kuchen;-12,30;EUR',
  '01.07.2026;Arbeitgeber;Gehalt;2.499,99;EUR',
  '',
].join('\r\n');

const accessLog = `${[
  '25/Oct/2026:01:10:00 +0200',
  '25/Oct/2026:01:59:59 +0200',
  '25/Oct/2026:02:00:00 +0200',
  '25/Oct/2026:02:00:00 +0100',
  '25/Oct/2026:02:30:00 +0100',
  '25/Oct/2026:02:59:59 +0100',
  '25/Oct/2026:03:00:00 +0100',
]
  .map((time, i) => `203.0.113.${i} - - [${time}] "GET /p?x=${i} HTTP/1.1" 200 512 "-" "curl/8"`)
  .join('\n')}\n`;
