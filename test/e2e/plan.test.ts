/** The plan of a run, as text. */
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { openCommands } from './gestures.ts';

const why = missing('browser');

describe.skipIf(why !== null)(`the plan${why ? ` (${why})` : ''}`, () => {
  it('is shown as the engine explains it, and copied', async () => {
    const editor = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv' } },
        hot: { type: 'filter', params: { mode: 'expression', where: 'row.temperature > 30' } },
        out: { type: 'csv-output', params: { path: 'hot.csv' } },
      },
      edges: ['readings.rows -> hot.rows', 'hot.kept -> out.rows'],
    });
    const { page } = editor;
    await openCommands(page);
    await page.keyboard.type('show plan');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Plan' });
    await dialog.getByText('Sources, in reading order').waitFor();
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('hot: filter by');
    expect(editor.errors).toEqual([]);
  });
});
