/** Where a document lives: its file, its name, its paths, its unsaved copy; and that the editor always comes to rest. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { missing, openEditor, temporaryFolder } from './editor.ts';
import { field, gridRows, selectNode } from './gestures.ts';
import { openTrusted, ready, rename, startEmpty, writePipeline } from './pipelines.ts';

const header = (page: Page) => page.locator('.document-name');
const openFiles = (page: Page) => page.getByRole('dialog', { name: 'Open a pipeline or data' });
function autosaves(data: string): string[] {
  const folder = join(data, 'autosave');
  try {
    return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).pipeline.name);
  } catch {
    return [];
  }
}

describe.skipIf(missing('browser'))('a document', () => {
  it('takes the name of its file and paths relative to it, which can be undone', async () => {
    const folder = temporaryFolder();
    const place = join(folder, 'sales');
    mkdirSync(join(place, 'data'), { recursive: true });
    const csv = join(place, 'data', 'sales.csv');
    writeFileSync(csv, 'city,amount\nBerlin,3\n');
    const editor = await openEditor('browser', { data: join(folder, 'data') });
    const { page } = editor;
    await startEmpty(page);
    await page.getByRole('button', { name: 'Add CSV file (source)' }).dblclick();
    await field(page, 'path').getByRole('textbox').fill(csv);
    await gridRows(page).first().waitFor();
    const file = join(place, 'sales.millrace.json');
    await editor.chooseFile(file, () => page.keyboard.press('ControlOrMeta+s'));
    await expect.poll(() => header(page).innerText()).toMatch(/^sales\s/);
    const saved = () => JSON.parse(readFileSync(file, 'utf8'));
    expect(saved()).toMatchObject({ name: 'sales', nodes: { csv_file: { params: { path: 'data/sales.csv' } } } });
    expect(await page.title()).toBe('sales - Millrace');
    expect(await page.getByLabel('unsaved changes').count()).toBe(0);
    await expect.poll(() => gridRows(page).count()).toBe(1);
    await editor.shot('life-relative');

    // Whoever takes it back means it.
    await page.getByRole('alert').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => field(page, 'path').getByRole('textbox').inputValue()).toBe(csv);
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => saved().nodes.csv_file.params.path).toBe(csv);

    // In another folder, relative paths are others, so that they name the same files.
    await field(page, 'path').getByRole('textbox').fill('data/sales.csv');
    const moved = join(folder, 'moved.millrace.json');
    await editor.chooseFile(moved, () => page.keyboard.press('ControlOrMeta+Shift+s'));
    await page.getByText('One path changed with the folder, to refer to the same file as before.').waitFor();
    expect(JSON.parse(readFileSync(moved, 'utf8')).nodes.csv_file.params.path).toBe('sales/data/sales.csv');
    await expect.poll(() => gridRows(page).count()).toBe(1);
    await editor.chooseFile(file, () => page.keyboard.press('ControlOrMeta+Shift+s'));
    await page.getByRole('button', { name: 'Replace', exact: true }).click();
    await expect.poll(() => saved().nodes.csv_file.params.path).toBe('data/sales.csv');
    // The file is there a moment before the editor has heard so.
    await expect.poll(() => header(page).innerText()).toContain(file);

    // The dialogs begin where the pipeline is, and where a file was chosen last after that.
    await page.keyboard.press('ControlOrMeta+o');
    await expect.poll(() => openFiles(page).getByLabel('Folder', { exact: true }).inputValue()).toBe(place);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Alt+n');
    await expect.poll(() => page.locator('.react-flow__node').count()).toBe(0);
    await page.reload();
    await ready(page);
    await page.keyboard.press('ControlOrMeta+o');
    await expect.poll(() => openFiles(page).getByLabel('Folder', { exact: true }).inputValue()).toBe(place);
    await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+Shift+o');
    await page.getByRole('dialog', { name: 'Open recent' }).locator('b').first().waitFor();
    expect(await page.getByRole('dialog').locator('b').allInnerTexts()).toEqual(['sales', 'moved']);
  });

  it('has an unsaved copy of its own in each window, also in a duplicate of one', async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const file = join(folder, 'one.millrace.json');
    writePipeline(file, { readings: { type: 'generator', params: { count: 5 } } });
    const { page } = await openTrusted('browser', { data, open: file });
    await rename(page, 'First');
    await expect.poll(() => autosaves(data)).toEqual(['First']);
    const [copy] = await Promise.all([page.waitForEvent('popup'), page.evaluate(() => void window.open(location.href))]);
    expect(await copy.evaluate(() => sessionStorage.length)).toBeGreaterThan(0);
    await ready(copy);
    await rename(copy, 'Second');
    await expect.poll(() => autosaves(data).sort()).toEqual(['First', 'Second']);
    await rename(page, 'First again');
    await expect.poll(() => autosaves(data).sort()).toEqual(['First again', 'Second']);
    // Each finds its own after a reload.
    for (const [window, name] of [
      [copy, 'Second'],
      [page, 'First again'],
    ] as const) {
      window.once('dialog', (dialog) => void dialog.accept());
      await window.reload();
      await expect.poll(() => header(window).innerText()).toContain(name);
    }
    await expect.poll(() => autosaves(data).sort()).toEqual(['First again', 'Second']);
  });

  it('comes to rest when a preview is overtaken by an older one, and when its copy cannot be kept', async () => {
    const { page } = await openDrawn('browser', mkdtempSync(join(temporaryFolder(), 'x-')), {
      nodes: { readings: { type: 'csv-file', params: { path: 'readings.csv' } } },
      edges: [],
    });
    let overtaken = 0;
    await page.routeWebSocket(/./, (socket) => {
      const engine = socket.connectToServer();
      socket.onMessage((message) => {
        const { kind, id, name } = JSON.parse(String(message));
        const refuse = (problem: object) => socket.send(JSON.stringify({ kind: 'error', id, problem: { severity: 'error', ...problem } }));
        if (kind === 'request' && name === 'preview.read' && overtaken++ < 2) return refuse({ code: 'preview/superseded', message: 'Overtaken.' });
        if (kind === 'request' && name === 'autosave.write') return refuse({ code: 'file/full', message: 'The disk is full.' });
        engine.send(message);
      });
    });
    await page.reload();
    await ready(page);
    await selectNode(page, 'readings');
    await gridRows(page).first().waitFor();
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-busy')).toBeNull();
    expect(overtaken).toBeGreaterThan(2);
    await rename(page, 'Changed');
    await page.getByRole('alert').filter({ hasText: 'The disk is full.' }).waitFor();
  });
});
