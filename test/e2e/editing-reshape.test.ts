/** Rows to columns by mouse: the columns come from the sample, and the preview shows what becomes of the rows. */
import { describe, expect, it } from 'vitest';
import { copyAll, openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { card, field, gridRows, selectNode } from './gestures.ts';

const why = missing('browser');

describe.skipIf(why !== null)(`reshaping${why ? ` (${why})` : ''}`, () => {
  it('lists the values of the sample as the columns of a pivot', async () => {
    const { page, errors } = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv' } },
        pivot: { type: 'pivot', params: { keys: ['temperature'], column: 'sensor', function: 'count', values: [{ value: 's3', name: 'third' }] } },
      },
      edges: ['readings.rows -> pivot.rows'],
    });
    await selectNode(page, 'pivot');
    await field(page, 'values').getByRole('button', { name: 'Take from the sample' }).click();
    await expect
      .poll(async () => (await copyAll(page)).nodes['pivot']!.params['values'])
      .toMatchObject(['s3', 's0', 's1', 's2', 's4', 's5', 's6'].map((value) => ({ value })));
    await selectNode(page, 'pivot');
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(10);
    await expect.poll(() => page.getByRole('columnheader').allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining('third')]));
    await field(page, 'values').getByRole('button', { name: 'Take from the sample' }).click();
    await field(page, 'values').getByText('The sample has no other values.').waitFor();
    await expect.poll(() => card(page, 'pivot').locator('.card-line').innerText()).toContain('count rows by sensor');
    expect(errors).toEqual([]);
  });
});
