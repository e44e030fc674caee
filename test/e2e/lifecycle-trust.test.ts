/** A pipeline from elsewhere: it is shown, and does nothing until it is trusted. */
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, gridRows, selectNode } from './gestures.ts';
import { ready, runButton, runUntil, tab, trustBanner, writePipeline } from './pipelines.ts';

describe.skipIf(missing('browser'))('a pipeline from elsewhere', () => {
  it('reads, runs and writes nothing until it is trusted', async () => {
    const folder = temporaryFolder();
    const [file, csv, database] = [join(folder, 'theirs.millrace.json'), join(folder, 'secret.csv'), join(folder, 'out.db')];
    writeFileSync(csv, 'name,salary\nAda,100\nGrace,200\n');
    // What reads a file that was not read for long sets its time of access, unless its disk keeps none.
    const other = join(folder, 'other.csv');
    writeFileSync(other, 'name\n');
    for (const path of [csv, other]) utimesSync(path, new Date(1000), new Date(Date.now() - 60_000));
    readFileSync(other);
    const showsReading = statSync(other).atimeMs !== 1000;
    writePipeline(
      file,
      {
        people: { type: 'csv-file', title: 'People', params: { path: 'secret.csv' } },
        rich: { type: 'code', title: 'Who is rich', params: { code: 'export default function step(row: Row) { return { ...row, rich: true }; }' } },
        table: { type: 'sqlite-table', title: 'Result', params: { path: 'out.db', table: 'rich' } },
      },
      ['people.rows -> rich.rows', 'rich.rows -> table.rows'],
    );
    const editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await card(page, 'people').waitFor();
    const banner = trustBanner(page);
    await expect.poll(() => banner.locator('dl').innerText()).toMatch(/Reads\s+secret\.csv\s+Writes\s+out\.db.*\s+Holds code\s+Who is rich/);
    for (const node of ['people', 'rich', 'table']) {
      await selectNode(page, node);
      await bottomPanel(page).getByText('This pipeline is not trusted yet').waitFor();
    }
    await runButton(page).click();
    await page.getByRole('alert').filter({ hasText: 'not trusted yet' }).waitFor();
    await editor.shot('life-untrusted');
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.shot('life-untrusted-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    // Neither the rows nor the names of the columns are anywhere.
    expect(await page.content()).not.toContain('salary');
    expect(statSync(csv).atimeMs).toBe(1000);
    expect(existsSync(database)).toBe(false);

    await banner.getByRole('button', { name: 'Trust this pipeline' }).click();
    await selectNode(page, 'rich');
    await expect.poll(() => gridRows(page).count()).toBe(2);
    expect(await banner.count()).toBe(0);
    expect(statSync(csv).atimeMs !== 1000).toBe(showsReading);
    await runButton(page).click();
    await runUntil(page, 'Done');
    expect(existsSync(database)).toBe(true);
    expect(editor.errors).toEqual([]);
  });

  it('is trusted for good, until somebody else changes it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'theirs.millrace.json');
    const generator = { type: 'generator', params: { count: 5 } };
    writePipeline(file, { readings: generator });
    let editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    await trustBanner(editor.page).getByRole('button').click();
    await expect.poll(() => gridRows(editor.page).count()).toBe(5);
    await editor.close();

    editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    await expect.poll(() => gridRows(editor.page).count()).toBe(5);
    await editor.close();

    writePipeline(file, { readings: generator, other: generator });
    editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    await trustBanner(editor.page).waitFor();
    await bottomPanel(editor.page).getByText('This pipeline is not trusted yet').waitFor();
    await tab(editor.page, 'Problems').click();
    expect(editor.errors).toEqual([]);
  });

  it('stays a stranger when the engine is replaced by a new one', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'theirs.millrace.json');
    writePipeline(file, { readings: { type: 'generator', params: { count: 5 } } });
    const editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await trustBanner(page).waitFor();
    await ready(page);
    await page.reload();
    await trustBanner(page).waitFor();
    expect(await gridRows(page).count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });
});
