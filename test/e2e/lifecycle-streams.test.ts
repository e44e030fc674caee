/** How a stream looks while it runs, and where it begins: what edges and counters say, saved or not, here or as another file. */
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { contrastFaults } from './contrast.ts';
import { missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card } from './gestures.ts';
import { menu, ready, runButton, runUntil } from './pipelines.ts';

const running = (page: Page) => bottomPanel(page).getByRole('status', { name: 'Run running' }).waitFor();
const label = (page: Page, edge: string) => page.locator(`.edge-label[data-edge="${edge}"]`);
const counters = (page: Page) => page.getByRole('table', { name: 'Counters by node' });
const checkpoint = (page: Page) =>
  bottomPanel(page)
    .getByText(/checkpoint \d+, \d+ seconds? ago/)
    .waitFor();

describe.skipIf(missing('browser'))('a stream', () => {
  it('asks to be saved, tells of each edge what flows along it, and goes on as its own file only', async () => {
    const folder = temporaryFolder();
    const [first, second] = [join(folder, 'first.millrace.json'), join(folder, 'second.millrace.json')];
    const editor = await openEditor('browser', { data: join(folder, 'data'), width: 1000, height: 700 });
    const { page } = editor;
    await ready(page);
    await menu(page, 'File', /^Examples/);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Live alerts/ })
      .click();
    await card(page, 'minutes').waitFor();

    await runButton(page).click();
    const unsaved = page.getByRole('dialog', { name: 'Save “Live alerts from sensors” before it runs?' });
    await unsaved.waitFor();
    await editor.shot('stream-unsaved');
    await page.keyboard.press('Escape');
    await expect.poll(() => unsaved.count()).toBe(0);
    expect(await bottomPanel(page).getByRole('status', { name: /^Run / }).count()).toBe(0);
    await runButton(page).click();
    await editor.chooseFile(first, () => unsaved.getByRole('button', { name: 'Save and run' }).click());
    await running(page);

    // A thousand readings a second become some ten rows: an edge tells of its own.
    await expect.poll(() => label(page, 'minutes.rows->table.rows').innerText()).toMatch(/^[\d,]+ · \d{1,2}\/s$/);
    await expect.poll(() => label(page, 'unusual.rows->alerts.rows').innerText()).toMatch(/^[\d.,K]+( · [\d.,K]+\/s)?$/);
    const ports = ['readings.rows', 'minutes.rows', 'minutes.late', 'unusual.rows', 'alerts.kept'];
    expect((await page.locator('.edge-label').evaluateAll((all) => all.map((each) => each.getAttribute('data-edge')?.split('->')[0]))).sort()).toEqual(
      ports.sort(),
    );
    // Seen without scrolling, in a small window too.
    await expect(counters(page).locator('tbody tr').nth(1).isVisible()).resolves.toBe(true);
    const row = (await counters(page).locator('tbody tr').nth(1).boundingBox())!;
    expect(row.y + row.height).toBeLessThan(676);
    await counters(page).getByRole('button', { name: 'Rows/s' }).press('Enter');
    await expect.poll(() => counters(page).getByRole('columnheader', { name: 'Rows/s' }).getAttribute('aria-sort')).toBe('descending');
    await page.getByRole('tooltip').getByText('over the last second').waitFor();
    // What the keyboard comes to is seen, beside the names.
    const last = counters(page).getByRole('columnheader').last();
    await page.keyboard.press('Shift+Tab');
    for (let column = 0; column < 20 && !(await last.evaluate((heading) => heading.contains(document.activeElement))); column++)
      await page.keyboard.press('Tab');
    await expect.poll(async () => (await last.boundingBox())!.x + (await last.boundingBox())!.width).toBeLessThan(701);
    await page.mouse.move(500, 300);
    for (const theme of ['light', 'dark'] as const) {
      // A colour on its way to another is no fault.
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await editor.shot(`stream-${theme}`);
      for (const place of ['.canvas', '.run-panel', '.dock-tabs', '.status-bar', '.header'])
        expect(await contrastFaults(page.locator(place)), `${place}, ${theme}`).toEqual([]);
    }
    await checkpoint(page);
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');

    await editor.chooseFile(second, () => page.keyboard.press('ControlOrMeta+Shift+s'));
    await page.getByText(second).waitFor();
    await runButton(page).click();
    const elsewhere = page.getByRole('dialog', { name: 'Start from the beginning here?' });
    await elsewhere.getByText(first).waitFor();
    await editor.shot('stream-elsewhere');
    expect(await contrastFaults(elsewhere)).toEqual([]);
    await elsewhere.getByRole('button', { name: 'Open the other file' }).click();
    await page.getByText(first).waitFor();
    await runButton(page).click();
    await page
      .getByRole('dialog', { name: 'Resume where it stopped?' })
      .getByRole('button', { name: /^Resume from checkpoint/ })
      .click();
    await bottomPanel(page)
      .getByText(/resumed from checkpoint \d+/)
      .waitFor();
    await menu(page, 'Run', 'Cancel the run');
    await runUntil(page, 'Stopped');
    expect(editor.errors).toEqual([]);
  });
});
