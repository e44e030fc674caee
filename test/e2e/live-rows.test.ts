/** What the data panel shows beside a run that goes on: what flows now, and what failed, each row to be reached. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { freePort } from '../faults/stream-trial.ts';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, gridRows, selectNode } from './gestures.ts';
import { runButton, runUntil, tab } from './pipelines.ts';

const data = (page: Page) => page.getByRole('region', { name: 'Data preview' });
const view = (page: Page, name: string) => data(page).getByRole('tablist', { name: 'Rows of' }).getByRole('tab', { name });
const firstCells = (page: Page) =>
  data(page)
    .getByRole('gridcell')
    .evaluateAll((cells) => cells.slice(0, 2).map((cell) => cell.textContent));

describe.skipIf(missing('browser'))('the data panel', () => {
  it('shows what flows in a stream, the newest first, also between nodes that run as one loop', async () => {
    const port = await freePort();
    const columns = ['a', 'b'].map((column) => ({ column, type: 'integer' }));
    const editor = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        sent: { type: 'http-in', params: { port, columns } },
        even: { type: 'filter', params: { mode: 'expression', where: 'row.a % 2 === 0' } },
        more: { type: 'compute', params: { columns: [{ name: 'c', expression: 'row.a + 1' }] } },
        out: { type: 'jsonl-output', params: { path: 'out.jsonl' } },
      },
      edges: ['sent.rows -> even.rows', 'even.kept -> more.rows', 'more.rows -> out.rows'],
    });
    const { page } = editor;
    const post = async (...numbers: number[]) => {
      const body = JSON.stringify(numbers.map((a) => ({ a, b: 0 })));
      await fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    };
    await selectNode(page, 'even');
    await runButton(page).click();
    await bottomPanel(page).getByRole('status', { name: 'Run running' }).waitFor();
    await tab(page, 'Data').click();
    await expect.poll(() => view(page, 'Live').getAttribute('aria-selected')).toBe('true');
    await data(page).getByText('No rows yet').waitFor();

    // The port lies within a loop of two nodes: it is seen from the moment on when somebody looks.
    await post(1, 2, 3, 4);
    await expect.poll(() => firstCells(page)).toEqual(['4', '0']);
    expect(await gridRows(page).count()).toBe(2);
    await post(6);
    await expect.poll(() => firstCells(page)).toEqual(['6', '0']);
    await expect.poll(() => data(page).getByTestId('live-facts').innerText()).toMatch(/3 rows so far/);
    await editor.shot('live-rows');

    await view(page, 'Sample').click();
    await data(page).getByTestId('preview-count').waitFor();
    await view(page, 'Live').click();
    await selectNode(page, 'out');
    await expect.poll(() => firstCells(page)).toEqual(['6', '0']);
    await page.keyboard.press('Shift+F5');
    await tab(page, 'Run').click();
    await runUntil(page, 'Stopped');
    await tab(page, 'Data').click();
    await expect.poll(() => view(page, 'Live').count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });

  it('lists every row that failed in a preview, and counts the rows of each input', async () => {
    const editor = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv' } },
        hot: { type: 'filter', params: { mode: 'expression', where: 'row.temperature < 10' } },
        picky: {
          type: 'code',
          params: {
            code: 'export default function step(row: Row) {\n  if (row.temperature > 5) throw new Error(`${row.temperature} is too hot`);\n  return row;\n}',
          },
        },
        both: { type: 'join', params: { keys: [{ column: 'time', lookup: 'time' }] } },
      },
      edges: ['readings.rows -> picky.rows', 'readings.rows -> both.rows', 'readings.rows -> hot.rows', 'hot.kept -> both.lookup'],
    });
    const { page } = editor;
    await selectNode(page, 'picky');
    await data(page).getByText('6 is too hot').waitFor();
    const more = data(page).getByRole('button', { name: '175 more' });
    await more.click();
    const list = data(page).getByRole('region', { name: 'More problems' });
    await list.getByText('7 is too hot').first().waitFor();
    await list.getByText('76 further rows failed').waitFor();
    await editor.shot('failed-preview-rows');
    await data(page).getByRole('button', { name: 'Fewer' }).click();
    expect(await list.count()).toBe(0);

    await selectNode(page, 'both');
    await expect.poll(() => data(page).getByTestId('preview-count').innerText()).toMatch(/^Rows 200, Lookup 40\s+40 rows$/);
    expect(editor.errors).toEqual([]);
  });
});
