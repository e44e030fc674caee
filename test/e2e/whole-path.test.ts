/**
 * The whole path, by mouse and keyboard, in a browser and in a desktop window: from an empty canvas to rows in a database,
 * saved, opened again after a restart, and run again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, connect, dragNode, field, gridRows, selectNode, typeCode } from './gestures.ts';
import { ready, startEmpty } from './pipelines.ts';

const snippet = 'export default function step(row: Row) { return { ...row, fahrenheit: row.temperature * 9 / 5 + 32 }; }';

describe.each<Host>(['browser', 'desktop'])('in a %s', (host) => {
  const why = missing(host);
  it.skipIf(why !== null)(`draws, previews, runs, saves, opens and runs again${why ? ` (${why})` : ''}`, async () => {
    const folder = temporaryFolder();
    const csv = join(folder, 'readings.csv');
    const database = join(folder, 'out.db');
    const file = join(folder, 'hot.millrace.json');
    writeFileSync(
      csv,
      `time,sensor,temperature\n${Array.from({ length: 200 }, (_, i) => `2026-01-01T00:${String(i % 60).padStart(2, '0')}:00Z,s${i % 7},${i % 50}`).join('\n')}\n`,
    );

    let editor = await openEditor(host, { data: join(folder, 'data') });
    let { page } = editor;
    await startEmpty(page);
    await editor.shot('1-empty');

    await dragNode(page, 'CSV file (source)', { x: 150, y: 80 });
    await card(page, 'csv_file').waitFor();
    await field(page, 'path').getByRole('textbox').fill(csv);
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(5);

    await dragNode(page, 'Filter', { x: 450, y: 80 });
    await connect(page, ['csv_file', 'rows'], ['filter', 'rows']);
    await selectNode(page, 'filter');
    await field(page, 'mode').getByText('Expression', { exact: true }).click();
    await typeCode(page, field(page, 'where').getByRole('textbox'), 'row.temperature > 30');
    await expect.poll(() => card(page, 'filter').textContent()).toContain('row.temperature > 30');

    await dragNode(page, 'Code', { x: 450, y: 240 });
    await connect(page, ['filter', 'kept'], ['code', 'rows']);
    await selectNode(page, 'code');
    await typeCode(page, bottomPanel(page).locator('.monaco-editor').first(), snippet);
    await expect.poll(() => page.getByRole('grid').getByRole('columnheader').allInnerTexts()).toContainEqual(expect.stringContaining('fahrenheit'));
    await editor.shot('2-building');

    await dragNode(page, 'SQLite table', { x: 740, y: 160 });
    await connect(page, ['code', 'rows'], ['sqlite_table', 'rows']);
    await selectNode(page, 'sqlite_table');
    await field(page, 'path').getByRole('textbox').fill(database);
    await field(page, 'table').getByRole('textbox').fill('hot');

    await runToEnd(page);
    await editor.shot('3-done');
    expect(readRows(database)).toEqual({ rows: 76, coldest: 31, fahrenheit: 87.8 });

    await editor.chooseFile(file, () => page.keyboard.press('ControlOrMeta+s'));
    await expect.poll(() => existsSync(file)).toBe(true);
    expect(JSON.parse(readFileSync(file, 'utf8')).edges).toHaveLength(3);
    await expect.poll(() => page.getByLabel('unsaved changes').count()).toBe(0);
    await editor.close();

    editor = await openEditor(host, { data: join(folder, 'data') });
    page = editor.page;
    await ready(page);
    await editor.chooseFile(file, () => page.keyboard.press('ControlOrMeta+o'));
    await card(page, 'sqlite_table').waitFor();
    await selectNode(page, 'sqlite_table');
    await field(page, 'table').getByRole('textbox').fill('again');
    await runToEnd(page);
    expect(readRows(database, 'again')).toEqual({ rows: 76, coldest: 31, fahrenheit: 87.8 });
    expect(readRows(database)).toEqual({ rows: 76, coldest: 31, fahrenheit: 87.8 });
    expect(editor.errors).toEqual([]);
    await editor.close();
  });
});

/** A first start shows an example: leaves it for a new pipeline. */
async function runToEnd(page: import('playwright').Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await bottomPanel(page).getByText('Done').first().waitFor();
}

function readRows(path: string, table = 'hot') {
  const database = new Database(path, { readonly: true });
  const found = database.prepare(`SELECT count(*) AS rows, min(temperature) AS coldest, min(fahrenheit) AS fahrenheit FROM "${table}"`).get();
  database.close();
  return found;
}
