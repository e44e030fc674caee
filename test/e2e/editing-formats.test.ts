/** Cells in a format of their own by mouse: what was found is offered, applied by one click, and shown with how cells are read. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { field, gridRows, selectNode } from './gestures.ts';

const why = missing('browser');
const bank = 'Konto;Betrag;Buchung;Bezahlt\n007;1.299,99;31.01.2026;ja\n008;-0,50;01.02.2026;nein\n009;12,00;02.02.2026;ja\n';

describe.skipIf(why !== null)(`formats of cells${why ? ` (${why})` : ''}`, () => {
  it('are offered, applied by one click, and shown with how cells are read', async () => {
    const path = join(mkdtempSync(join(temporaryFolder(), 'bank-')), 'bank.csv');
    writeFileSync(path, bank);
    const editor = await openDrawn('browser', temporaryFolder(), { nodes: { bank: { type: 'csv-file', params: { path } } } });
    const { page, errors } = editor;
    await selectNode(page, 'bank');
    await page.getByRole('group', { name: 'Columns' }).getByRole('button', { name: 'More', exact: true }).click();
    await field(page, 'types').getByText('Column "Betrag" holds numbers with a decimal comma: "1.299,99" is 1299.99, "-0,50" is -0.5.').waitFor();
    await editor.shot('formats-offered');
    await field(page, 'types').getByRole('button', { name: 'Read all 3 by their formats' }).press('Enter');
    // The button is gone; the keyboard stays in the form.
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('aside')?.ariaLabel)).toBe('Inspector');
    await expect.poll(() => gridRows(page).first().innerText()).toContain('1299.99');
    await expect.poll(() => gridRows(page).first().innerText()).toContain('2026-01-31');
    const readings = field(page, 'types').getByLabel('How cells are read');
    await expect.poll(() => readings.count()).toBe(3);
    expect(await readings.first().innerText()).toMatch(/1\.299,99\s+1299\.99/);
    await editor.shot('formats-applied');
    await field(page, 'types.1.pattern').locator('input').fill('MM/dd/yyyy');
    await readings.nth(1).getByText('does not fit').first().waitFor();
    await editor.shot('formats-unfit');
    expect(errors).toEqual([]);
  });
});
