/** A pipeline of three nodes drawn, set up and looked at without a mouse. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { edgesOf } from './documents.ts';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { card, gridRows, leaveCode } from './gestures.ts';

describe.each<Host>(['browser', 'desktop'])('in a %s', (host) => {
  const why = missing(host);
  it.skipIf(why !== null)(`everything goes by keyboard${why ? ` (${why})` : ''}`, async () => {
    const folder = temporaryFolder();
    const csv = join(folder, 'readings.csv');
    writeFileSync(csv, 'sensor,temperature\na,10\nb,35\nc,40\n');
    const { page, errors } = await openEditor(host, { data: mkdtempSync(join(folder, 'data-')) });
    await page.getByText('Engine ready').waitFor();
    await page.keyboard.press('ControlOrMeta+n');
    await page.getByRole('button', { name: 'Add Filter', exact: true }).waitFor();

    await add(page, 'csv');
    await card(page, 'csv_file').waitFor();
    // Enter goes to the node's settings, into their first field; Escape leads back to the canvas.
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[data-field]')?.getAttribute('data-field'))).toBe('path');
    await page.keyboard.type(csv);
    await page.keyboard.press('Escape');
    await expect.poll(() => gridRows(page).count()).toBe(3);

    await add(page, 'filter');
    await expect.poll(() => edgesOf(page)).toEqual(['csv_file.rows->filter.rows']);
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('radio', { name: 'Expression' }).and(page.locator(':checked')).waitFor({ state: 'attached' });
    await page.keyboard.press('Tab');
    await page.keyboard.type('row.temperature > 30', { delay: 5 });
    await expect.poll(() => card(page, 'filter').innerText()).toContain('row.temperature > 30');
    await leaveCode(page);
    await expect.poll(() => gridRows(page).count()).toBe(2);

    await add(page, 'inspect');
    await expect.poll(() => edgesOf(page)).toEqual(['csv_file.rows->filter.rows', 'filter.kept->inspect.rows']);
    // Alt and an arrow go from node to node, arrows alone move the node.
    await page.keyboard.press('Alt+ArrowLeft');
    await expect.poll(() => card(page, 'filter').getAttribute('class')).toContain('selected');
    await page.keyboard.press('F5');
    await page.getByRole('contentinfo').getByText('Done').waitFor();
    await page.keyboard.press('ControlOrMeta+1');
    await page.keyboard.press('Alt+ArrowRight');
    await expect.poll(() => gridRows(page).count()).toBe(2);
    expect(errors).toEqual([]);
  });
});

async function add(page: Page, query: string): Promise<void> {
  await page.keyboard.press('/');
  await page.keyboard.type(query);
  await page.keyboard.press('Enter');
}
