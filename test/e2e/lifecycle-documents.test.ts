/** From the first start to a saved file that is found again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, gridRows, selectNode, typeCode } from './gestures.ts';
import { menu, nodesOnCanvas, openTrusted, ready, rename, runButton, runUntil, startExample, tab, writePipeline } from './pipelines.ts';

const sources = { readings: { type: 'generator', params: { count: 100 } } };

describe.each<Host>(['browser', 'desktop'])('in a %s', (host) => {
  const why = missing(host);
  const only = why ? ` (${why})` : '';

  it.skipIf(why !== null)(`opens an example with rows from the start page${only}`, async () => {
    const editor = await openEditor(host, { data: temporaryFolder() });
    const { page } = editor;
    await startExample(page);
    expect(await nodesOnCanvas(page)).toBeGreaterThan(5);
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(5);
    expect(await page.getByLabel('unsaved changes').count()).toBe(0);
    await editor.shot('life-first-start');
    expect(editor.errors).toEqual([]);
  });

  it.skipIf(why !== null)(`saves, saves under another name, and opens a recent file after a restart${only}`, async () => {
    const folder = temporaryFolder();
    const [first, second] = [join(folder, 'first.millrace.json'), join(folder, 'second.millrace.json')];
    let editor = await openEditor(host, { data: join(folder, 'data') });
    let { page } = editor;
    await startExample(page);
    const nodes = await nodesOnCanvas(page);
    await editor.chooseFile(first, () => page.keyboard.press('ControlOrMeta+s'));
    await expect.poll(() => existsSync(first)).toBe(true);
    await rename(page, 'Second name');
    await editor.chooseFile(second, () => page.keyboard.press('ControlOrMeta+Shift+s'));
    await expect.poll(() => existsSync(second)).toBe(true);
    await expect.poll(() => page.getByLabel('unsaved changes').count()).toBe(0);
    expect(JSON.parse(readFileSync(first, 'utf8')).name).not.toBe('Second name');
    expect(JSON.parse(readFileSync(second, 'utf8')).name).toBe('Second name');
    if (host === 'browser') {
      // A whole path that was typed replaces no file without a question. The desktop's own dialog asks itself.
      await editor.chooseFile(first, () => page.keyboard.press('ControlOrMeta+Shift+s'));
      await page.getByText(`${first} already exists. Save again to replace it.`).waitFor();
      expect(JSON.parse(readFileSync(first, 'utf8')).name).not.toBe('Second name');
      await page.keyboard.press('Escape');
    }
    await editor.close();

    editor = await openEditor(host, { data: join(folder, 'data') });
    page = editor.page;
    await ready(page);
    expect(await nodesOnCanvas(page)).toBe(0);
    await page.keyboard.press('ControlOrMeta+Shift+o');
    const list = page.getByRole('dialog').getByRole('listitem');
    await list.first().waitFor();
    expect(await list.locator('b').allInnerTexts()).toEqual(['Second name', expect.any(String)]);
    await editor.shot('life-recent');
    await page.keyboard.press('Enter');
    await expect.poll(() => nodesOnCanvas(page)).toBe(nodes);
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(5);
    expect(await page.getByRole('button', { name: 'Trust this pipeline' }).count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });
});

describe.skipIf(missing('browser'))('documents', () => {
  it('runs an example of the gallery and queries what it wrote', async () => {
    const editor = await openEditor('browser', { data: temporaryFolder() });
    const { page } = editor;
    await ready(page);
    await menu(page, 'File', /^Examples/);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: /^Bird strikes/ }).waitFor();
    await editor.shot('life-examples');
    await dialog.getByRole('button', { name: /^Bird strikes/ }).click();
    await card(page, 'by_phase').waitFor();
    await runButton(page).click();
    await runUntil(page, 'Done');
    await editor.shot('life-done');
    await bottomPanel(page).getByRole('button', { name: 'Show result' }).first().click();
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(5);
    await editor.shot('life-results');
    const sql = bottomPanel(page).locator('.monaco-editor').first();
    const table = await bottomPanel(page).getByRole('list', { name: 'Tables' }).getByRole('button').first().locator('span').first().innerText();
    await typeCode(page, sql, `select count(*) as many from ${table}`);
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect.poll(() => page.getByRole('columnheader').allInnerTexts()).toEqual(['', expect.stringContaining('many')]);
    await typeCode(page, sql, 'select * from nowhere');
    await page.keyboard.press('ControlOrMeta+Enter');
    await bottomPanel(page).getByText('no such table: nowhere').waitFor();
    await editor.shot('life-results-error');
    expect(editor.errors).toEqual([]);
  });

  it('asks before unsaved changes are given up by New and Open', async () => {
    const folder = temporaryFolder();
    const [file, other] = [join(folder, 'one.millrace.json'), join(folder, 'other.millrace.json')];
    writePipeline(file, sources);
    writePipeline(other, { ...sources, more: { type: 'inspect', params: {} } }, ['readings.rows -> more.rows']);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await rename(page, 'Changed');
    await page.keyboard.press('Alt+n');
    const dialog = page.getByRole('dialog', { name: /Save the changes to “Changed”/ });
    await dialog.waitFor();
    await editor.shot('life-unsaved');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    expect(await nodesOnCanvas(page)).toBe(1);

    await editor.chooseFile(other, () => page.keyboard.press('ControlOrMeta+o'));
    await dialog.getByRole('button', { name: "Don't save" }).click();
    await card(page, 'more').waitFor();
    expect(JSON.parse(readFileSync(file, 'utf8')).name).toBe('Readings');

    await editor.chooseFile(file, () => page.keyboard.press('ControlOrMeta+o'));
    await expect.poll(() => nodesOnCanvas(page)).toBe(1);
    await rename(page, 'Kept');
    await page.keyboard.press('Alt+n');
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    await expect.poll(() => nodesOnCanvas(page)).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8')).name).toBe('Kept');
    expect(editor.errors).toEqual([]);
  });

  it('tells of a file that somebody else has changed, and keeps both', async () => {
    const folder = temporaryFolder();
    const [file, mine] = [join(folder, 'one.millrace.json'), join(folder, 'mine.millrace.json')];
    writePipeline(file, sources);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await rename(page, 'Mine');
    writePipeline(file, sources, [], { name: 'Theirs' });
    await page.keyboard.press('ControlOrMeta+s');
    const dialog = page.getByRole('dialog', { name: 'The file has changed on disk' });
    await dialog.waitFor();
    await editor.shot('life-conflict');
    await page.keyboard.press('Escape');
    expect(JSON.parse(readFileSync(file, 'utf8')).name).toBe('Theirs');
    expect(await page.getByLabel('unsaved changes').count()).toBe(1);

    await page.keyboard.press('ControlOrMeta+s');
    await editor.chooseFile(mine, () => dialog.getByRole('button', { name: 'Save as…' }).click());
    await expect.poll(() => existsSync(mine)).toBe(true);
    expect(JSON.parse(readFileSync(mine, 'utf8')).name).toBe('Mine');
    expect(JSON.parse(readFileSync(file, 'utf8')).name).toBe('Theirs');
    expect(editor.errors).toEqual([]);
  });

  it.each([
    ['is cut off', (text: string) => text.slice(0, 80), /not valid JSON|cut off|JSON/],
    ['is of a newer version', (text: string) => text.replace('"formatVersion": 1', '"formatVersion": 99'), /Update Millrace/],
    ['is no JSON', () => 'id;name\n1;Ada\n', /JSON/],
  ])('says so when a file %s, and leaves the open document alone', async (_what, spoil, message) => {
    const folder = temporaryFolder();
    const [file, bad] = [join(folder, 'one.millrace.json'), join(folder, 'bad.millrace.json')];
    writePipeline(file, sources);
    writeFileSync(bad, spoil(readFileSync(file, 'utf8')));
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await selectNode(page, 'readings');
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(5);
    await editor.chooseFile(bad, () => page.keyboard.press('ControlOrMeta+o'));
    const notice = page.getByRole('alert').filter({ hasText: 'The file could not be opened' });
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(message);
    expect(await notice.innerText()).toContain('bad.millrace.json');
    await editor.shot('life-bad-file');
    expect(await nodesOnCanvas(page)).toBe(1);
    await tab(page, 'Data').click();
    expect(await gridRows(page).count()).toBeGreaterThan(5);
    expect(editor.errors).toEqual([]);
  });
});
