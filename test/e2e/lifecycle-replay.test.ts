/** Rows that failed, kept, and replayed from the run panel once their node is mended. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, field, selectNode, typeCode } from './gestures.ts';
import { openTrusted, readAll, runButton, runUntil, writePipeline } from './pipelines.ts';

const strict =
  'export default (row: Row) => {\n  if (Number.isNaN(Number(row.price))) throw new Error("No price");\n  return { id: row.id, cents: Number(row.price) * 100 };\n};\n';
const mended = 'export default (row: Row) => ({ id: row.id, cents: Number(row.price.replace(",", ".")) * 100 })';

describe.skipIf(missing('browser'))('rows that failed', () => {
  it('are shown with their node, and replayed once it is mended', async () => {
    const folder = temporaryFolder();
    const [file, database] = [join(folder, 'Orders.millrace.json'), join(folder, 'out.db')];
    writeFileSync(join(folder, 'orders.csv'), 'id,price\n1,2.5\n2,"3,5"\n3,4.5\n4,"5,5"\n');
    const nodes = (code: string) => ({
      orders: { type: 'csv-file', params: { path: 'orders.csv' } },
      prices: { type: 'code', title: 'Prices', params: { code } },
      table: { type: 'sqlite-table', title: 'Result', params: { path: 'out.db', table: 'result' } },
    });
    const edges = ['orders.rows -> prices.rows', 'prices.rows -> table.rows'];
    writePipeline(file, nodes(strict), edges);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await selectNode(page, 'prices');
    await page.getByRole('radiogroup', { name: 'When a row fails' }).getByText('Keep').click();
    await page.getByText('Rows that fail are kept in the errors table').waitFor();
    await runButton(page).click();
    await runUntil(page, 'Done');
    await bottomPanel(page).getByText('Errors table', { exact: true }).first().waitFor();
    await bottomPanel(page).getByText('Errors (2)').click();
    const kept = bottomPanel(page).getByRole('region', { name: 'Errors table' });
    await kept.getByText('2 rows kept in the errors table').waitFor();
    await page.mouse.move(600, 300);
    await editor.shot('life-kept-errors');

    await selectNode(page, 'prices');
    await typeCode(page, field(page, 'code').locator('.monaco-editor').first(), mended);
    await kept.getByRole('button', { name: 'Replay the rows of Prices' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Fix the node first').waitFor();
    await editor.shot('life-replay-dialog');
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await runUntil(page, 'Done');
    await expect
      .poll(() => readAll(database, 'SELECT id, cents FROM result ORDER BY id'))
      .toEqual([
        { id: 1, cents: 250 },
        { id: 2, cents: 350 },
        { id: 3, cents: 450 },
        { id: 4, cents: 550 },
      ]);
    await expect.poll(() => kept.count()).toBe(0);
    await bottomPanel(page).getByText('Nodes', { exact: true }).click();
    await bottomPanel(page).getByText('Replay of errors').waitFor();
    await page.mouse.move(600, 300);
    await editor.shot('life-replayed');
    expect(editor.errors).toEqual([]);
  });

  it('go into the stream itself, which stops for that and goes on', async () => {
    const folder = temporaryFolder();
    const [file, database] = [join(folder, 'Orders.millrace.json'), join(folder, 'out.db')];
    writeFileSync(join(folder, 'orders.jsonl'), ['2.5', '3,5', '4.5', '5,5'].map((price, i) => `${JSON.stringify({ id: i + 1, price })}\n`).join(''));
    const aggregations = [
      { function: 'count', column: null, name: 'orders' },
      { function: 'sum', column: 'cents', name: 'total' },
    ];
    const nodes = {
      orders: { type: 'file-tail', title: 'Orders', params: { path: 'orders.jsonl' } },
      prices: { type: 'code', title: 'Prices', params: { code: strict } },
      totals: { type: 'running-aggregate', title: 'Totals', params: { aggregations } },
      table: { type: 'sqlite-table', title: 'Result', params: { path: 'out.db', table: 'result', mode: 'append' } },
    };
    writePipeline(file, nodes, ['orders.rows -> prices.rows', 'prices.rows -> totals.rows', 'totals.rows -> table.rows']);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await selectNode(page, 'prices');
    await page.getByRole('radiogroup', { name: 'When a row fails' }).getByText('Keep').click();
    await page.getByText('Rows that fail are kept in the errors table').waitFor();
    await runButton(page).click();
    await bottomPanel(page).getByText('Errors (2)').click();
    const kept = bottomPanel(page).getByRole('region', { name: 'Errors table' });
    await kept.getByText('2 rows kept in the errors table').waitFor();

    await selectNode(page, 'prices');
    await typeCode(page, field(page, 'code').locator('.monaco-editor').first(), mended);
    const replay = kept.getByRole('button', { name: 'Replay the rows of Prices' });
    await expect.poll(() => replay.textContent()).toBe('Stop and resume with these rows');
    await page.mouse.move(600, 300);
    await editor.shot('life-replay-into-run');
    await replay.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The run stops with a checkpoint', { exact: false }).waitFor();
    await editor.shot('life-replay-into-run-dialog');
    await dialog.getByRole('button', { name: 'Stop and resume with these rows' }).click();
    await page.getByText('The rows of “Prices” were replayed. The run continues.').waitFor();
    await bottomPanel(page).getByText('Nodes', { exact: true }).click();
    await bottomPanel(page).getByText('Replay of errors').waitFor();
    await editor.shot('life-replayed-into-run');
    expect(readAll(database, 'SELECT id, orders, total FROM result ORDER BY orders')).toEqual([
      { id: 1, orders: 1, total: 250 },
      { id: 3, orders: 2, total: 700 },
      { id: 2, orders: 3, total: 1050 },
      { id: 4, orders: 4, total: 1600 },
    ]);
    await expect.poll(() => kept.count()).toBe(0);
    await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
    await runUntil(page, 'Stopped');
    expect(editor.errors).toEqual([]);
  });
});
