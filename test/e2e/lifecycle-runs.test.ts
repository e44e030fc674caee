/** Runs that go well, that fail, and that are stopped: what is said of them, and what they leave. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, field, gridRows, selectNode } from './gestures.ts';
import { menu, type NodeSpec, openTrusted, readAll, ready, runButton, runUntil, tab, writePipeline } from './pipelines.ts';

const table = (path: string): NodeSpec => ({ type: 'sqlite-table', title: 'Result', params: { path, table: 'result' } });
const code = (text: string): NodeSpec => ({ type: 'code', title: 'My code', params: { code: text } });
const generator = (count: number, rate = 0): NodeSpec => ({ type: 'generator', title: 'Readings', params: { count, rate } });

/** A database with a table that a failing run must leave alone. */
function oldTable(path: string): void {
  const database = new Database(path);
  database.exec("CREATE TABLE result (name TEXT); INSERT INTO result VALUES ('from before')");
  database.close();
}

describe.skipIf(missing('browser'))('a run', () => {
  it('shows counters and progress while it goes on, and the rows that an inspect sink keeps', async () => {
    const editor = await openEditor('browser', { data: temporaryFolder() });
    const { page } = editor;
    await ready(page);
    await menu(page, 'File', /^Examples/);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Watch a stream/ })
      .click();
    await card(page, 'readings').waitFor();
    await runButton(page).click();
    await bottomPanel(page).getByRole('status', { name: 'Run running' }).waitFor();
    const count = async () => Number(/([\d,.]+)(K?) rows/.exec(await card(page, 'measured').innerText())?.[1]?.replace(',', '') ?? 0);
    await expect.poll(count).toBeGreaterThan(0);
    const first = await count();
    await expect.poll(count).toBeGreaterThan(first);
    await page.mouse.move(600, 400);
    await editor.shot('life-running');
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.shot('life-running-dark');
    await selectNode(page, 'broken');
    await tab(page, 'Data').click();
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(2);
    await editor.shot('life-inspect-dark');
    await tab(page, 'Run').click();
    await runUntil(page, 'Done');
    await editor.shot('life-done-dark');
    const cells = page.getByRole('table', { name: 'Counters by node' }).locator('tr[data-node-id="readings"] td');
    // A source takes none in, sends them on at some rate, and none has failed.
    const [taken, sent, , failed] = (await cells.allInnerTexts()).slice(1);
    expect([taken, sent, failed]).toEqual(['', '10,000', '0']);
    expect(editor.errors).toEqual([]);
  });

  it('that fails at one row names node, row and place, and leaves the table as it was', async () => {
    const folder = temporaryFolder();
    const [file, csv, database] = [join(folder, 'one.millrace.json'), join(folder, 'in.csv'), join(folder, 'out.db')];
    writeFileSync(csv, `n\n${Array.from({ length: 3000 }, (_, index) => index).join('\n')}\n`);
    oldTable(database);
    const snippet = 'export default function step(row: Row) {\n  if (row.n === 2500) throw new Error("cannot handle this");\n  return { ...row };\n}\n';
    writePipeline(file, { source: { type: 'csv-file', params: { path: 'in.csv' } }, code: code(snippet), table: table('out.db') }, [
      'source.rows -> code.rows',
      'code.rows -> table.rows',
    ]);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await runButton(page).click();
    await runUntil(page, 'Failed');
    await editor.shot('life-failed');
    const problem = bottomPanel(page).getByText('cannot handle this').first();
    await problem.waitFor();
    const text = await bottomPanel(page).innerText();
    expect(text).toContain('My code');
    expect(text).toMatch(/line 2, column 29/);
    expect(text).toMatch(/in\.csv, line 2502/);
    expect(text).toMatch(/wrote nothing/);
    await card(page, 'code').locator('[data-severity="error"]').first().waitFor();
    expect(readAll(database, 'SELECT name FROM result')).toEqual([{ name: 'from before' }]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.shot('life-failed-dark');
    await bottomPanel(page).getByText('Errors', { exact: false }).first().click();
    await editor.shot('life-failed-errors-dark');
    expect(editor.errors).toEqual([]);
  });

  it('that fails at a value behind the sample is mended by one click', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'zip.millrace.json');
    writeFileSync(join(folder, 'in.csv'), `zip\n${Array.from({ length: 3000 }, (_, index) => (index === 1100 ? '01730' : 10_000 + index)).join('\n')}\n`);
    writePipeline(file, { source: { type: 'csv-file', params: { path: 'in.csv' } }, table: table('out.db') }, ['source.rows -> table.rows']);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await runButton(page).click();
    await runUntil(page, 'Failed');
    const fix = bottomPanel(page).getByRole('button', { name: 'Read column "zip" as text', exact: true });
    await fix.click();
    await fix.waitFor({ state: 'detached' });
    await runButton(page).click();
    await runUntil(page, 'Done');
    expect(readAll(join(folder, 'out.db'), 'SELECT zip FROM result WHERE rowid = 1101')).toEqual([{ zip: '01730' }]);
    expect(editor.errors).toEqual([]);
  });

  it('that lacks its input says so at the node, before and when it is to begin', async () => {
    const folder = temporaryFolder();
    const [file, database] = [join(folder, 'one.millrace.json'), join(folder, 'out.db')];
    oldTable(database);
    writePipeline(file, { source: { type: 'csv-file', title: 'Input', params: { path: 'gone.csv' } }, table: table('out.db') }, ['source.rows -> table.rows']);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await card(page, 'source').locator('[data-severity="error"]').first().waitFor();
    await bottomPanel(page)
      .getByText(/gone\.csv/)
      .first()
      .waitFor();
    await runButton(page).click();
    await page.getByRole('alert').filter({ hasText: 'The pipeline has errors' }).waitFor();
    await expect.poll(() => bottomPanel(page).innerText()).toMatch(/Input[\s\S]*gone\.csv/);
    await editor.shot('life-missing-input');
    expect(readAll(database, 'SELECT name FROM result')).toEqual([{ name: 'from before' }]);
    writeFileSync(join(folder, 'gone.csv'), 'name\nAda\n');
    await runButton(page).click();
    await runUntil(page, 'Done');
    expect(readAll(database, 'SELECT name FROM result')).toEqual([{ name: 'Ada' }]);
    expect(editor.errors).toEqual([]);
  });

  it('that meets a locked database says which, and leaves it as it was', async () => {
    const folder = temporaryFolder();
    const [file, database] = [join(folder, 'one.millrace.json'), join(folder, 'out.db')];
    oldTable(database);
    writePipeline(file, { source: generator(10), table: table('out.db') }, ['source.rows -> table.rows']);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    const holder = new Database(database);
    holder.exec('BEGIN EXCLUSIVE');
    try {
      await runButton(page).click();
      await runUntil(page, 'Failed');
      await expect.poll(() => bottomPanel(page).innerText()).toMatch(/Result: .*locked by another program/);
      await bottomPanel(page).getByText('Nothing was written.').waitFor();
      await editor.shot('life-locked');
    } finally {
      holder.exec('ROLLBACK');
      holder.close();
    }
    await card(page, 'table').locator('[data-severity="error"]').first().waitFor();
    expect(readAll(database, 'SELECT name FROM result')).toEqual([{ name: 'from before' }]);
    await runButton(page).click();
    await runUntil(page, 'Done');
    expect(editor.errors).toEqual([]);
  });

  it('ends soon when it is stopped, and says that nothing was written', async () => {
    const folder = temporaryFolder();
    const [file, database] = [join(folder, 'one.millrace.json'), join(folder, 'out.db')];
    oldTable(database);
    writePipeline(file, { source: generator(500_000_000), table: table('out.db') }, ['source.rows -> table.rows']);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await runButton(page).click();
    await expect.poll(() => card(page, 'table').innerText()).toMatch(/rows/);
    const asked = Date.now();
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');
    expect(Date.now() - asked).toBeLessThan(60_000);
    await bottomPanel(page)
      .getByText(/wrote nothing/)
      .waitFor();
    await editor.shot('life-stopped');
    expect(readAll(database, 'SELECT name FROM result')).toEqual([{ name: 'from before' }]);
    expect(editor.errors).toEqual([]);
  });

  it('asks for its parameters', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'one.millrace.json');
    writePipeline(
      file,
      { source: generator(10), table: { type: 'sqlite-table', params: { path: '${place}.db', table: 'result' } } },
      ['source.rows -> table.rows'],
      {
        parameters: {
          place: { type: 'text', default: 'here', description: 'Name of the database, without its ending' },
          limit: { type: 'number', default: 5 },
          strict: { type: 'boolean', default: true },
        },
      },
    );
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await runButton(page).click();
    const dialog = page.getByRole('dialog', { name: 'Run with parameters' });
    await dialog.getByLabel('place').fill('there');
    await editor.shot('life-parameters');
    await page.keyboard.press('Enter');
    await runUntil(page, 'Done');
    expect([existsSync(join(folder, 'there.db')), existsSync(join(folder, 'here.db'))]).toEqual([true, false]);
    await runButton(page).click();
    expect(await dialog.getByLabel('place').inputValue()).toBe('there');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });

  it('can be made again once an endless loop, which the preview names, is mended', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'one.millrace.json');
    const loop = 'export default function step(row: Row) { while (true) {} return { seen: row.sensor }; }';
    writePipeline(file, { source: generator(10), code: code(loop), look: { type: 'inspect', params: {} } }, [
      'source.rows -> code.rows',
      'code.rows -> look.rows',
    ]);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await selectNode(page, 'code');
    await bottomPanel(page).getByText('did not end within').first().waitFor();
    await card(page, 'code').locator('[data-severity="error"]').first().waitFor();
    await editor.shot('life-endless');
    await tab(page, 'Problems').click();
    await expect.poll(() => bottomPanel(page).innerText()).toMatch(/My code[\s\S]*did not end within/);
    await tab(page, 'Data').click();
    await selectNode(page, 'source');
    await expect.poll(() => gridRows(page).count()).toBe(10);
    await selectNode(page, 'code');
    const text = bottomPanel(page).locator('.monaco-editor').first();
    await text.click();
    await page.keyboard.press('ControlOrMeta+Home');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(loop.replace('while (true) {} ', ''));
    await expect.poll(() => page.getByRole('columnheader').allInnerTexts()).toContainEqual(expect.stringContaining('seen'));
    await expect.poll(() => gridRows(page).count()).toBe(10);
    await expect.poll(() => card(page, 'code').locator('[data-severity="error"]').count()).toBe(0);
    await runButton(page).click();
    await runUntil(page, 'Done');
    expect(await field(page, 'columns').count()).toBeGreaterThan(0);
    expect(editor.errors).toEqual([]);
  });
});
