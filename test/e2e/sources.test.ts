/** A source by sight: what was detected, with the lines that show it, overruled where it is shown; and all of its rows checked. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing, temporaryFolder } from './editor.ts';
import { card, field, gridRows } from './gestures.ts';
import { openTrusted, writePipeline } from './pipelines.ts';

const why = missing('browser');

describe.skipIf(why !== null)(`a source by sight${why ? ` (${why})` : ''}`, () => {
  it('shows how a file is written with its lines, and takes another word for it in the same place', async () => {
    const folder = mkdtempSync(join(temporaryFolder(), 'sight-'));
    const bank = 'Kontoauszug;Müller\r\n\r\nDatum;Betrag;Text;PLZ\r\n31.01.2026;1,50;"Miete; Mai";01730\r\n01.02.2026;2,75;x;1730\r\n';
    writeFileSync(join(folder, 'bank.csv'), Buffer.from(bank, 'latin1'));
    const file = join(folder, 'bank.millrace.json');
    writePipeline(file, { bank: { type: 'csv-file', params: { path: 'bank.csv' } } }, []);
    const { page } = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    await card(page, 'bank').click();
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    const row = (name: RegExp) => inspector.getByRole('button', { name });
    await row(/^Delimiter Semicolon ;/).waitFor();
    await row(/^Lines to skip 2 lines/).click();
    const skipped = inspector.getByRole('list', { name: 'Lines to skip: lines that decided it' });
    expect(await skipped.innerText()).toContain('Kontoauszug');
    await row(/^Encoding UTF-8, with faults/).click();
    expect(await inspector.getByRole('list', { name: 'Encoding: lines that decided it' }).innerText()).toContain('Kontoauszug;Müller');
    await inspector.getByRole('button', { name: 'Read as windows-1252' }).click();
    await row(/^Encoding windows-1252\s*set/).waitFor();
    // It is the param of the form, and goes back to what is detected.
    expect(await field(page, 'encoding').getByRole('textbox').or(field(page, 'encoding').locator('input')).first().inputValue()).toBe('windows-1252');
    await inspector.getByRole('button', { name: 'Use what is detected' }).click();
    await row(/^Encoding UTF-8, with faults$/).waitFor();

    await row(/PLZ/).click();
    expect(await inspector.getByText('"01730" as an integer would not be what was written.').count()).toBe(1);
    await field(page, 'types.0.type').getByRole('combobox').or(field(page, 'types.0.type').locator('input')).first().click();
    await page.getByRole('option', { name: 'Integer' }).click();
    await row(/PLZ\s*integer\s*set/).waitFor();
    await expect.poll(() => gridRows(page).first().innerText()).toMatch(/\b1730$/);
  });

  it('checks all rows, and widens what does not fit by one click', async () => {
    const folder = mkdtempSync(join(temporaryFolder(), 'scan-'));
    const rows = (from: number) => Array.from({ length: 4000 }, (_, i) => `${from + i},${from + i},x\n`).join('');
    writeFileSync(join(folder, 'rows.csv'), `id,zip,name\n${rows(1)}4001,01730,y\n4002,4\n${rows(4003)}${rows(8003)}`);
    const file = join(folder, 'rows.millrace.json');
    writePipeline(file, { rows: { type: 'csv-file', params: { path: 'rows.csv' } } }, []);
    const { page } = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    await card(page, 'rows').click();
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    await inspector.getByRole('button', { name: 'Check all rows' }).click();
    await inspector.getByText('2 of 12,002 rows do not fit.').waitFor();
    const found = inspector.getByRole('list', { name: 'What does not fit' });
    await found.getByRole('button', { name: /zip 1 cell/ }).click();
    expect(await found.getByRole('list', { name: 'zip: the first cells that do not fit' }).innerText()).toMatch(/4002\s*01730/);
    await found.getByRole('button', { name: /Wrong number of fields/ }).click();
    expect(await found.innerText()).toMatch(/4003\s*4002,4/);
    // Another node is looked at meanwhile: what was found is still there.
    await page.locator('.react-flow__pane').click({ position: { x: 10, y: 10 } });
    await card(page, 'rows').click();
    await found.getByRole('button', { name: 'Read as text' }).click();
    await inspector.getByText('Before the settings were changed.').waitFor();
    await inspector.getByRole('button', { name: 'Check all rows again' }).click();
    await inspector.getByText('1 of 12,002 rows does not fit.').waitFor();
  });
});
