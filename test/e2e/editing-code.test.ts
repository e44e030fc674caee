/** Snippets and expressions, as one types: completion, errors, and the rows that follow. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, card, field, gridRows, selectNode, typeCode } from './gestures.ts';

const why = missing('browser');
const pipeline = {
  nodes: {
    readings: { type: 'csv-file', params: { path: 'readings.csv' } },
    code: { type: 'code' },
    filter: { type: 'filter', params: { mode: 'expression' } },
  },
  edges: ['readings.rows -> code.rows', 'readings.rows -> filter.rows'],
  layout: { filter: [300, 120] },
} as const;

describe.skipIf(why !== null)(`code${why ? ` (${why})` : ''}`, () => {
  it('completes the columns that arrive, in snippets and in expressions', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), pipeline);
    await selectNode(page, 'code');
    await typeCode(page, snippet(page), 'export default function step(row: Row) { return row.');
    await expect.poll(() => suggestions(page)).toEqual(['sensor', 'temperature', 'time']);
    await page.keyboard.type('temp');
    await expect.poll(() => suggestions(page)).toEqual(['temperature']);
    await page.keyboard.press('Enter');
    await expect.poll(() => snippet(page).innerText()).toContain('row.temperature');

    await selectNode(page, 'filter');
    await typeCode(page, field(page, 'where').getByRole('textbox'), 'row.');
    await expect.poll(() => suggestions(page)).toEqual(['sensor', 'temperature', 'time']);
  });

  it('underlines a type error, tells it at the node and in the problems panel, and leads to it', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), pipeline);
    await selectNode(page, 'code');
    await typeCode(page, snippet(page), 'export default function step(row: Row) { return { ...row, x: row.temprature + 1 }; }');
    await page.locator('.squiggly-error').first().waitFor();
    const beside = bottomPanel(page).getByRole('list', { name: 'Problems of this code' });
    await beside
      .getByText(/temprature/)
      .first()
      .waitFor();
    await card(page, 'code').locator('.card-badge[data-severity="error"]').waitFor();

    await card(page, 'readings').click();
    await page.keyboard.press('ControlOrMeta+2');
    const entry = bottomPanel(page)
      .getByRole('region', { name: 'Code', exact: true })
      .getByRole('button', { name: /temprature/ });
    await expect.poll(() => entry.innerText()).toMatch(/line 1, column 66/);
    await entry.click();
    // The click selects the node and puts the caret to the place.
    await expect.poll(() => card(page, 'code').getAttribute('class')).toContain('selected');
    await page.locator('.monaco-editor.focused').waitFor();
    await page.keyboard.type('/*here*/');
    await expect.poll(() => page.locator('.monaco-editor.focused').innerText()).toMatch(/row\.\/\*here\*\/temprature/);
  });

  it('underlines where a column may be null, and shows what comes of it', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'sales.csv'), 'region,qty,price\nnorth,2,1.5\n,,2.5\nsouth,3,4\n');
    const { page } = await openDrawn('browser', folder, {
      nodes: {
        sales: { type: 'csv-file', params: { path: join(folder, 'sales.csv') } },
        sum: { type: 'compute', params: { columns: [{ name: 'x', expression: '1', type: 'auto' }] } },
        code: { type: 'code' },
      },
      edges: ['sales.rows -> sum.rows', 'sales.rows -> code.rows'],
      layout: { code: [300, 120] },
    });
    await selectNode(page, 'sum');
    await typeCode(page, field(page, 'columns.0.expression').getByRole('textbox'), 'row.qty * row.price');
    // Only `qty` has a gap.
    await page.locator('.squiggly-warning').first().waitFor();
    await field(page, 'columns.0.expression').getByText('row.qty may be null: the result is null then').waitFor();
    expect(await page.locator('.squiggly-error').count()).toBe(0);
    await expect.poll(async () => (await gridRows(page).allInnerTexts()).map((row) => row.split('\n').at(-1))).toEqual(['3', 'null', '12']);
    await field(page, 'columns.0.expression').getByRole('button', { name: 'Replace with row.qty ?? 0' }).click();
    await expect.poll(async () => (await gridRows(page).allInnerTexts()).map((row) => row.split('\n').at(-1))).toEqual(['3', '0', '12']);
    await expect.poll(() => page.locator('.squiggly-warning').count()).toBe(0);
    // The same from the light bulb.
    await typeCode(page, field(page, 'columns.0.expression').getByRole('textbox'), 'row.price + row.qty');
    await page.locator('.squiggly-warning').first().waitFor();
    await field(page, 'columns.0.expression').locator('.view-line').getByText('qty').click();
    await page.keyboard.press('ControlOrMeta+.');
    await page.locator('.action-widget').getByText('Replace with `row.qty ?? 0`').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await gridRows(page).allInnerTexts()).map((row) => row.split('\n').at(-1))).toEqual(['3.5', '2.5', '7']);

    await selectNode(page, 'code');
    await typeCode(page, snippet(page), 'export default function step(row: Row) { return { x: row.qty * row.price }; }');
    await bottomPanel(page).getByRole('list', { name: 'Problems of this code' }).getByText("'row.qty' is possibly 'null'").waitFor();
  });

  it('shows rows that follow every key', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), pipeline);
    await selectNode(page, 'filter');
    await typeCode(page, field(page, 'where').getByRole('textbox'), 'row.temperature >= 49');
    await expect.poll(() => page.getByTestId('preview-count').innerText()).toMatch(/4 rows/);
    await page.keyboard.press('Backspace');
    await expect.poll(() => page.getByTestId('preview-count').innerText()).toMatch(/184 rows/);
    await page.keyboard.type('0 && row.sensor === "s1"');
    await expect.poll(() => page.getByTestId('preview-count').innerText()).toMatch(/ (5|6|7) rows/);
    // What does not parse keeps the rows from before, says why, and counts nothing that is no longer so.
    await page.keyboard.type(' &&');
    await bottomPanel(page).getByText('Rows from before this error').waitFor();
    expect(await page.getByTestId('preview-count').count()).toBe(0);
    await bottomPanel(page)
      .getByText(/expected/i)
      .first()
      .waitFor();
    expect(await gridRows(page).count()).toBeGreaterThan(3);
  });
});

const snippet = (page: Page) => bottomPanel(page).locator('.monaco-editor').first();

/** What the open list of completions offers. */
async function suggestions(page: Page): Promise<string[]> {
  const labels = await page.locator('.suggest-widget.visible .monaco-list-row .label-name').allInnerTexts();
  return labels.sort();
}
