/** The first screen, and the ways in which people bring their own data: choosing, dropping, pasting. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { edgesOf, openDrawn, writePipeline as writeDrawn } from './documents.ts';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, centre, dragNode, field, gridRows, pane, port } from './gestures.ts';
import { nodesOnCanvas, ready, rename, startEmpty } from './pipelines.ts';

const csv = 'day,region,amount\n2026-01-01,north,5\n2026-01-02,south,7\n2026-01-03,north,9\n';
const headers = (page: Page) => page.getByRole('grid').getByRole('columnheader').allInnerTexts();

/** Drags files in from outside, as a file manager does, and lets go of them at a place of the window. */
async function dropFiles(page: Page, files: readonly string[], at = { x: 500, y: 300 }): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    if (type === 'drop') await page.getByText('Drop to open').waitFor();
    await cdp.send('Input.dispatchDragEvent', { type, ...at, data: { items: [], files: [...files], dragOperationsMask: 1 } });
  }
}

describe.each<Host>(['browser', 'desktop'])('the start page in a %s', (host) => {
  const why = missing(host);
  const only = why ? ` (${why})` : '';

  it.skipIf(why !== null)(`is what one begins with, and takes a file that is dropped anywhere${only}`, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'sales 2026.csv');
    writeFileSync(file, csv);
    const editor = await openEditor(host, { data: join(folder, 'data') });
    const { page } = editor;
    await page.getByRole('heading', { name: 'Start with data' }).waitFor();
    await page.getByText('Which aircraft hit birds most often').waitFor();
    expect(await nodesOnCanvas(page)).toBe(0);
    await ready(page);
    await dropFiles(page, [file]);
    await card(page, 'sales_2026').waitFor();
    await expect.poll(() => gridRows(page).count()).toBe(3);
    expect(await headers(page)).toEqual(expect.arrayContaining([expect.stringContaining('region')]));
    const path = await field(page, 'path').getByRole('textbox').inputValue();
    // A page is not told where the file lies: its content is copied to where the pipeline's files are.
    expect(path).toBe(host === 'desktop' ? file : 'sales 2026.csv');
    if (host === 'browser') expect(readFileSync(join(folder, 'data', 'unsaved', path), 'utf8')).toBe(csv);
    await editor.shot('start-dropped');
    expect(editor.errors).toEqual([]);
  });
});

describe.skipIf(missing('browser'))('one’s own data', () => {
  it('of every kind is opened as the source that reads it', async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    writeFileSync(at('plain.csv'), csv);
    writeFileSync(at('tabs.tsv'), csv.replaceAll(',', '\t'));
    writeFileSync(at('packed.csv.gz'), gzipSync(csv));
    writeFileSync(at('lines.jsonl'), '{"a":1}\n{"a":2}\n');
    writeFileSync(at('array.json'), '[\n  {"id": 12345678901234567890},\n  {"id": 2}\n]\n');
    // Its beginning counts more than what it is called.
    const database = new Database(at('shop.dat'));
    database.exec("CREATE TABLE orders (id INTEGER, item TEXT); INSERT INTO orders VALUES (1, 'bolt'), (2, 'nut'), (3, 'gear'), (4, 'cog')");
    database.close();
    const editor = await openEditor('browser', { data: at('data') });
    const { page } = editor;
    await startEmpty(page);
    const rows = { plain: 3, tabs: 3, packed: 3, lines: 2, array: 2, shop: 4 };
    for (const [index, name] of ['plain.csv', 'tabs.tsv', 'packed.csv.gz', 'lines.jsonl', 'array.json', 'shop.dat'].entries()) {
      await page.locator('.react-flow').focus();
      await editor.chooseFile(at(name), () => page.keyboard.press('ControlOrMeta+o'));
      const node = Object.keys(rows)[index]!;
      await page.locator(`.react-flow__node.selected[data-id="${node}"]`).waitFor();
      await expect.poll(() => gridRows(page).count(), { message: name }).toBe(Object.values(rows)[index]);
    }
    await card(page, 'array').click();
    await page.getByRole('gridcell', { name: '12345678901234567890' }).waitFor();
    expect(await nodesOnCanvas(page)).toBe(6);
    expect(editor.errors).toEqual([]);
  });

  it('that nothing reads is refused in words, and leaves the document alone', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'photo.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]));
    writeFileSync(join(folder, 'nothing.csv'), '');
    const { page } = await openEditor('browser', { data: join(folder, 'data') });
    await ready(page);
    await dropFiles(page, [join(folder, 'photo.png')]);
    await page.getByText('photo.png is neither a pipeline nor data that can be read here.').waitFor();
    await dropFiles(page, [join(folder, 'nothing.csv')]);
    await page.getByText('nothing.csv is empty.').waitFor();
    await page.getByRole('heading', { name: 'Start with data' }).waitFor();
  });

  it('several files at once become sources one below the other, and a pipeline is opened after asking for unsaved work', async () => {
    const folder = temporaryFolder();
    const files = ['north.csv', 'south.csv'].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, csv);
    const drawn = writeDrawn(folder, { nodes: { only: { type: 'filter' } } });
    const { page } = await openEditor('browser', { data: join(folder, 'data') });
    await startEmpty(page);
    await dropFiles(page, files);
    await card(page, 'south').waitFor();
    const [upper, lower] = await Promise.all(['north', 'south'].map(async (id) => (await card(page, id).boundingBox())!));
    expect(lower!.y).toBeGreaterThanOrEqual(upper!.y + upper!.height);
    await dropFiles(page, [drawn]);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await nodesOnCanvas(page)).toBe(2);
    await dropFiles(page, [drawn]);
    await page.getByRole('dialog').getByRole('button', { name: "Don't save" }).click();
    await card(page, 'only').waitFor();
    expect(await nodesOnCanvas(page)).toBe(1);
  });

  it('is pasted as rows: from a sheet, and as JSON', async () => {
    const folder = temporaryFolder();
    const { page } = await openEditor('browser', { data: join(folder, 'data') });
    await ready(page);
    await page.evaluate(() => navigator.clipboard.writeText('name\tage\nAda\t36\nGrace\t45\n'));
    await page.getByRole('button', { name: 'Paste rows' }).click();
    await card(page, 'pasted').waitFor();
    await expect.poll(() => gridRows(page).count()).toBe(2);
    expect(readFileSync(join(folder, 'data', 'unsaved', 'pasted.tsv'), 'utf8')).toContain('Grace\t45');
    await page.evaluate(() => navigator.clipboard.writeText('[{"x":1},{"x":2},{"x":3}]'));
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+v');
    await card(page, 'pasted_2').waitFor();
    await expect.poll(() => gridRows(page).count()).toBe(3);
  });

  it('by keyboard alone: the first thing that Tab reaches chooses data, and Enter opens a recent file', async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const kept = writeDrawn(mkdtempSync(join(folder, 'kept-')), { nodes: { only: { type: 'filter' } }, name: 'Another name' });
    const gone = writeDrawn(mkdtempSync(join(folder, 'gone-')), { nodes: { only: { type: 'filter' } } });
    for (const open of [kept, gone]) {
      const before = await openEditor('browser', { data, open });
      await card(before.page, 'only').waitFor();
      await before.close();
    }
    rmSync(gone);
    mkdirSync(data, { recursive: true });
    const editor = await openEditor('browser', { data });
    const { page } = editor;
    const recent = page.getByRole('region', { name: 'Recent' }).getByRole('listitem');
    await recent.getByText('missing').waitFor();
    await recent.getByText('drawn').first().waitFor();
    await editor.shot('start-recent');
    await page.getByRole('button', { name: /^Drop a file here/ }).focus();
    const reached: string[] = [];
    for (let step = 0; step < 6; step++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.textContent ?? ''));
    }
    expect(reached.slice(0, 5)).toEqual(['Choose data…', 'Paste rows', 'Listen on a port', 'Empty pipeline', 'Open…']);
    // The missing one is passed over.
    expect(reached[5]).toContain('kept-');
    await page.keyboard.press('Enter');
    await card(page, 'only').waitFor();
    expect(existsSync(kept)).toBe(true);
  });

  it('can come over the network: a node that listens is one click away', async () => {
    const { page } = await openEditor('browser', { data: temporaryFolder() });
    await page.getByRole('button', { name: 'Listen on a port' }).click();
    await page.getByRole('button', { name: /Copy/ }).first().waitFor();
    await expect.poll(() => page.getByText(/http:\/\/127\.0\.0\.1/).count()).toBeGreaterThan(0);
    expect(await nodesOnCanvas(page)).toBe(1);
  });

  it('of a document that is loaded again is still there', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'sales.csv');
    writeFileSync(file, csv);
    const { page } = await openEditor('browser', { data: join(folder, 'data') });
    await ready(page);
    await dropFiles(page, [file]);
    await card(page, 'sales').waitFor();
    await rename(page, 'Kept');
    page.once('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await card(page, 'sales').waitFor();
    await bottomPanel(page).waitFor();
  });
});

describe.skipIf(missing('browser'))('room on the canvas', () => {
  it('is made for a node that is dropped onto an edge', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: { readings: { type: 'csv-file', params: { path: 'readings.csv' } }, filter: { type: 'filter' }, after: { type: 'filter' } },
      edges: ['readings.rows -> filter.rows', 'filter.kept -> after.rows'],
      layout: { readings: [0, 0], filter: [300, 0], after: [600, 0] },
    });
    const [from, to] = [await centre(port(page, 'readings', 'out', 'rows')), await centre(port(page, 'filter', 'in', 'rows'))];
    const paneBox = (await pane(page).boundingBox())!;
    await dragNode(page, 'Sort', { x: (from.x + to.x) / 2 - paneBox.x, y: (from.y + to.y) / 2 - paneBox.y });
    await card(page, 'sort').waitFor();
    expect(await edgesOf(page)).toContain('readings.rows->sort.rows');
    const boxes = await Promise.all(['readings', 'sort', 'filter', 'after'].map(async (id) => (await card(page, id).boundingBox())!));
    for (const [index, box] of boxes.slice(1).entries()) expect(box.x).toBeGreaterThan(boxes[index]!.x + boxes[index]!.width);
  });
});
