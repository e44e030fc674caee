/** PostgreSQL in the editor, by mouse, against a real server: make a connection, test it, choose a table, see rows, run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skippedWithout } from '../servers/needed.ts';
import { startPostgres, whyMissing } from '../servers/postgres.ts';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { card, choose, connect, dragNode, field, gridRows, selectNode } from './gestures.ts';
import { runButton, runUntil } from './pipelines.ts';

const password = 'open-sesame-51c7';

describe.skipIf(missing('browser') || skippedWithout(whyMissing()))('PostgreSQL in the editor', () => {
  it('is connected, tested, read and written', async () => {
    const folder = temporaryFolder();
    const server = await startPostgres(join(folder, 'server'), { password });
    server.sql(`CREATE TYPE state AS ENUM ('open', 'sent');
      CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, total numeric(10,2), state state, placed timestamptz, tags text[]);
      INSERT INTO orders SELECT n, 'customer ' || n % 7, n * 1.25, CASE n % 3 WHEN 0 THEN 'sent'::state ELSE 'open' END, '2026-01-31 12:00Z'::timestamptz + n * interval '1 hour', ARRAY['a', 'b'] FROM generate_series(1, 300) n;
      ANALYZE; CREATE TABLE customers (id bigint)`);
    try {
      const editor = await openDrawn('browser', folder, {});
      const { page } = editor;
      await dragNode(page, 'PostgreSQL query', { x: 120, y: 120 });
      await card(page, 'postgres_query').waitFor();
      await field(page, 'connection')
        .getByRole('button', { name: /^New connection/ })
        .click();
      const dialog = page.getByRole('dialog', { name: 'Connections' });
      const of = (name: string) => dialog.locator(`[data-field="${name}"]`);
      await dialog.getByLabel('Name').fill('shop');
      await of('host').getByRole('textbox').fill(server.host);
      await of('port').locator('input').fill(String(server.port));
      await of('password').locator('input').fill('wrong-one');
      await of('tls').getByRole('combobox').click();
      await page.getByRole('option', { name: /^None/ }).click();
      await dialog.getByRole('button', { name: 'Test', exact: true }).click();
      await dialog.getByText('refused user "postgres"').waitFor();
      await editor.shot('postgres-1-wrong-password');
      await of('password').locator('input').fill(password);
      await dialog.getByRole('button', { name: 'Test', exact: true }).click();
      await dialog.getByText(/Connected: PostgreSQL [\d.]+, 2 tables/).waitFor();
      await editor.shot('postgres-2-connected');
      await dialog.getByRole('button', { name: 'Save', exact: true }).click();
      await dialog.getByText('Saved in').waitFor();
      await expect.poll(() => dialog.getByRole('button', { name: 'Revert' }).isDisabled()).toBe(true);
      await dialog.getByRole('button', { name: 'Close' }).last().click();

      await field(page, 'table').locator('input').click();
      await page.getByRole('option', { name: /orders/ }).waitFor();
      await editor.shot('postgres-3-tables');
      await page.getByRole('option', { name: /orders/ }).click();
      await expect.poll(() => gridRows(page).count()).toBeGreaterThan(5);
      expect(await page.getByRole('grid').innerText()).toContain('customer 1');
      await editor.shot('postgres-4-sample');

      await dragNode(page, 'PostgreSQL table', { x: 460, y: 120 });
      await connect(page, ['postgres_query', 'rows'], ['postgres_table', 'rows']);
      await selectNode(page, 'postgres_table');
      await choose(page, 'connection', 'shop');
      await field(page, 'table').locator('input').fill('copies');
      await field(page, 'table').locator('input').blur();
      await runButton(page).click();
      await runUntil(page, 'Done');
      await page.getByText('wrote 300 rows to table “copies” in').waitFor();
      await editor.shot('postgres-5-done');
      expect(server.sql('SELECT count(*), sum(total), max(placed) FROM copies')).toBe('300|56437.50|2026-02-13 00:00:00+00');

      expect(holding(folder, password).every((path) => /secrets\.json$|server/.test(path))).toBe(true);
      expect(editor.errors).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

function holding(path: string, text: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return holding(inner, text);
    return entry.isFile() && readFileSync(inner).includes(text) ? [inner] : [];
  });
}
