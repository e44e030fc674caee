/** Keys mean what has the focus: nothing is deleted, copied or left out by a key that was meant for something else. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { copySelected, type Drawn, nodesOf, openDrawn, settled, viewOf, writePipeline } from './documents.ts';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, field, gridRows, pane, selectNode } from './gestures.ts';

const snippet = 'export default function (row: Row) {\n  return row;\n}\n';
const drawn: Drawn = {
  nodes: {
    readings: { type: 'csv-file', params: { path: 'readings.csv' } },
    hot: { type: 'filter', params: { mode: 'expression', where: 'row.temperature > 3' } },
    code: { type: 'code', params: { code: snippet } },
  },
  edges: ['readings.rows -> hot.rows', 'hot.kept -> code.rows'],
};
const all = ['code', 'hot', 'readings'];
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());
const expression = (page: Page) => field(page, 'where').getByRole('textbox').first();
const activePlace = (page: Page) => page.evaluate(() => document.activeElement?.closest('[role="grid"], .monaco-editor, .react-flow')?.className ?? 'nowhere');

describe.each<Host>(['browser', 'desktop'])('in a %s', (host) => {
  const why = missing(host);
  const only = why ? ` (${why})` : '';

  it.skipIf(why !== null)(`keys in a grid are the grid's, and keys after a field delete nothing${only}`, async () => {
    const { page, errors } = await openDrawn(host, temporaryFolder(), drawn);
    await selectNode(page, 'readings');
    await gridRows(page).first().waitFor();
    await page.getByRole('gridcell').first().click();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('ControlOrMeta+c');
    await expect.poll(() => clipboard(page)).toMatch(/^time\tsensor\n/);
    const place = await card(page, 'readings').boundingBox();
    for (const key of [
      'Delete',
      'Backspace',
      'ControlOrMeta+x',
      'ControlOrMeta+d',
      'ControlOrMeta+v',
      'ArrowRight',
      'Shift+ArrowDown',
      'Alt+ArrowRight',
      'ControlOrMeta+a',
      'F2',
      'Escape',
      'f',
    ])
      await page.keyboard.press(key);
    await page.keyboard.press('Escape');
    expect(await nodesOf(page)).toEqual(all);
    expect(await card(page, 'readings').boundingBox()).toEqual(place);
    expect(await card(page, 'readings').getAttribute('class')).toContain('selected');

    // The text was left with Escape: what is pressed next may be meant for it still.
    await selectNode(page, 'hot');
    await expression(page).click();
    await page.locator('.monaco-editor textarea').first().waitFor({ state: 'attached' });
    await page.keyboard.press('End');
    await page.keyboard.type('0', { delay: 5 });
    await page.keyboard.press('Escape');
    await expect.poll(() => activePlace(page)).toContain('react-flow');
    for (const key of ['Backspace', 'Delete', 'ControlOrMeta+x']) await page.keyboard.press(key);
    await page.getByText(/^Nothing was deleted\. To delete “Filter” by key/).waitFor();
    expect(await nodesOf(page)).toEqual(all);
    // The line on a card comes from the check, which takes its time.
    await expect.poll(() => card(page, 'hot').innerText()).toContain('row.temperature > 30');
    // So with a field, a list of commands, and adding a node.
    await page.getByLabel('Node title').click();
    await page.keyboard.type('Hot');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search nodes' }).waitFor();
    await page.keyboard.type('ab');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('ControlOrMeta+k');
    await page.locator('.mantine-Spotlight-search:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('input.mantine-Spotlight-search').waitFor({ state: 'detached' });
    await page.keyboard.press('Backspace');
    expect(await nodesOf(page)).toEqual(all);

    // Who has come to the canvas deletes, is told so, and can take it back.
    await selectNode(page, 'hot');
    await page.keyboard.press('Delete');
    await expect.poll(() => nodesOf(page)).toEqual(['code', 'readings']);
    const told = page.getByRole('alert').filter({ hasText: 'Deleted “Hot”.' });
    await told.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => nodesOf(page)).toEqual(all);
    await expect.poll(() => told.count()).toBe(0);
    await card(page, 'hot').focus();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Backspace');
    await expect.poll(() => nodesOf(page)).toEqual(['code', 'readings']);
    expect(errors).toEqual([]);
  });

  it.skipIf(why !== null)(`Enter makes a line in a snippet after an expression had the focus${only}`, async () => {
    const { page } = await openDrawn(host, temporaryFolder(), drawn);
    await selectNode(page, 'hot');
    await expression(page).click();
    await page.locator('.monaco-editor').first().waitFor();
    await expect.poll(() => activePlace(page)).toContain('monaco');
    await selectNode(page, 'code');
    await bottomPanel(page).locator('.view-lines').first().click();
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.type('// one');
    await page.keyboard.press('Enter');
    await page.keyboard.type('// two');
    await page.keyboard.press('ControlOrMeta+Enter');
    await page.keyboard.type('// three');
    await page.keyboard.press('Escape');
    await selectNode(page, 'code');
    const { nodes } = await copySelected(page);
    expect(nodes['code']!.params['code']).toBe(`${snippet}// one\n// two\n// three`);
  });

  it.skipIf(why !== null)(`the last key is saved, in whatever field it was typed${only}`, async () => {
    const folder = temporaryFolder();
    const file = writePipeline(folder, drawn);
    const editor = await openEditor(host, { data: mkdtempSync(join(folder, 'data-')), open: file });
    const { page } = editor;
    await page.getByRole('button', { name: 'Trust this pipeline' }).click();
    await settled(page);
    const saved = () => JSON.parse(readFileSync(file, 'utf8')).nodes;
    await card(page, 'hot').click();
    await page.keyboard.press('F2');
    await page.keyboard.type('Very hot');
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => saved().hot.title).toBe('Very hot');
    await page.keyboard.press('Enter');
    await expression(page).click();
    await expect.poll(() => activePlace(page)).toContain('monaco');
    await page.keyboard.press('End');
    await page.keyboard.type('7');
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => saved().hot.params.where).toBe('row.temperature > 37');
    await page.getByLabel('Note').click();
    await page.keyboard.type('why');
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => saved().hot.note).toBe('why');
    // Ctrl+Z belongs to the text in a text, and to the pipeline everywhere else.
    await page.getByRole('radiogroup', { name: 'When a row fails' }).getByText('Skip').click();
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => page.locator('[data-command="edit.undo"]').getAttribute('aria-label')).toBe('Undo');
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => saved().hot.onError).toBeUndefined();
  });
});

describe.skipIf(missing('browser'))('the canvas', () => {
  it('counts every zoom step, however fast they come', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), drawn);
    await pane(page).click({ position: { x: 10, y: 10 } });
    await page.keyboard.press('ControlOrMeta+0');
    await settled(page);
    const zoom = async () => Number(/scale\(([\d.]+)\)/.exec(await viewOf(page))?.[1]);
    for (let step = 0; step < 5; step++) await page.keyboard.press('ControlOrMeta+-');
    await expect.poll(zoom).toBeCloseTo(1.2 ** -5, 2);
    for (let step = 0; step < 5; step++) await page.keyboard.press('ControlOrMeta+=');
    await expect.poll(zoom).toBeCloseTo(1, 2);
  });

  it('says one thing about what is selected', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), drawn);
    await selectNode(page, 'readings');
    await gridRows(page).first().waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await bottomPanel(page).getByText('3 nodes selected').waitFor();
    expect(await gridRows(page).count()).toBe(0);
    expect(await page.getByText('Nothing selected').count()).toBe(0);
    await page.keyboard.press('Escape');
    await bottomPanel(page).getByText('Nothing selected').waitFor();
  });

  it('takes titles and names as far as it says, and saves them', async () => {
    const folder = temporaryFolder();
    const long = 'x'.repeat(300);
    const file = writePipeline(folder, {
      nodes: { readings: { type: 'csv-file', title: long, params: { path: 'readings.csv' } }, constructor: { type: 'inspect' } },
      edges: ['readings.rows -> constructor.rows'],
    });
    const text = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...text, layout: {} }));
    const { page, errors } = await openEditor('browser', { data: mkdtempSync(join(folder, 'data-')), open: file });
    await page.getByRole('button', { name: 'Trust this pipeline' }).click();
    await card(page, 'constructor').waitFor();
    await page.getByRole('complementary', { name: 'Inspector' }).getByText('300 of 200 characters: limit reached').waitFor();
    await gridRows(page).first().waitFor();
    await page.getByLabel('Note').fill('kept');
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => JSON.parse(readFileSync(file, 'utf8')).nodes.readings.note).toBe('kept');
    await page.keyboard.press('F5');
    await page.getByRole('contentinfo').getByText('Done').waitFor();
    await page.reload();
    await card(page, 'constructor').waitFor();
    expect(JSON.parse(readFileSync(file, 'utf8')).nodes.readings.title).toBe(long);
    expect(errors).toEqual([]);
  });
});
