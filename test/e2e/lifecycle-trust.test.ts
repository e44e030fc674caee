/** A pipeline from elsewhere: it is shown, and does nothing until it is trusted. */
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, gridRows, selectNode } from './gestures.ts';
import { menu, ready, runButton, runUntil, tab, trustBanner, writePipeline } from './pipelines.ts';

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

    // The next one has a node of the same name: no rows of the first stand in its place.
    const next = join(folder, 'next.millrace.json');
    writePipeline(next, { people: { type: 'csv-file', title: 'Others', params: { path: 'other.csv' } } });
    await selectNode(page, 'people');
    await tab(page, 'Data').click();
    await expect.poll(() => gridRows(page).count()).toBe(2);
    await editor.chooseFile(next, () => page.keyboard.press('ControlOrMeta+o'));
    await banner.waitFor();
    await card(page, 'people').getByText('Others').waitFor();
    await bottomPanel(page).getByText('This pipeline is not trusted yet').waitFor();
    expect(await gridRows(page).count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });

  it('is trusted for good, until somebody else changes it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'theirs.millrace.json');
    const generator = { type: 'generator', params: { count: 5 } };
    writePipeline(file, { readings: generator });
    let editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    await trustBanner(editor.page).getByRole('button', { name: 'Trust this pipeline' }).click();
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

  it('is asked about again where a link leads what it writes elsewhere', async () => {
    const folder = realpathSync(temporaryFolder());
    for (const each of ['mine', 'shared', 'precious']) mkdirSync(join(folder, each));
    symlinkSync('../precious', join(folder, 'shared', 'out'));
    const file = join(folder, 'mine', 'theirs.millrace.json');
    const path = join(folder, 'shared', 'out', 'rows.csv');
    writePipeline(file, { readings: { type: 'generator', params: { count: 5 } }, out: { type: 'csv-output', params: { path } } }, [
      'readings.rows -> out.rows',
    ]);
    const { page, shot } = await openEditor('browser', { data: join(folder, 'data'), open: file });
    const ask = page.getByRole('dialog', { name: 'Links lead elsewhere' });
    for (const answer of ['Cancel', 'Trust it']) {
      await trustBanner(page).getByRole('button', { name: 'Trust this pipeline' }).click();
      await ask.getByText(join(folder, 'precious', 'rows.csv')).waitFor();
      await shot('life-links');
      await ask.getByRole('button', { name: answer }).click();
      await ask.waitFor({ state: 'detached' });
      await expect.poll(() => trustBanner(page).count()).toBe(answer === 'Cancel' ? 1 : 0);
    }
  });

  it('is taken back in the list, and nodes from elsewhere are asked about', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'theirs.millrace.json');
    writePipeline(file, { readings: { type: 'generator', params: { count: 5 } } });
    const editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await trustBanner(page).getByRole('button', { name: 'Trust this pipeline' }).click();
    await expect.poll(() => gridRows(page).count()).toBe(5);

    const theirs = { type: 'http-in', typeVersion: 1, params: { port: 8799, inbox: '../../box.db' }, onError: 'stop' };
    const part = { format: 'millrace/pipeline', formatVersion: 1, name: '', parameters: {}, nodes: { http: theirs }, edges: [], layout: {} };
    const text = JSON.stringify({ format: 'millrace/clip', pipeline: part });
    const paste = () =>
      page.evaluate((pasted) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', pasted);
        (document.activeElement as HTMLElement | null)?.blur();
        document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
      }, text);
    await paste();
    const question = page.getByRole('dialog', { name: 'Paste nodes from elsewhere?' });
    await expect.poll(() => question.locator('dl').innerText()).toMatch(/box\.db \(outside[\s\S]*Listens on\s+http:\/\/127\.0\.0\.1:8799\/rows/);
    await editor.shot('life-paste');
    await question.getByRole('button', { name: 'Cancel' }).click();
    expect(await card(page, 'http').count()).toBe(0);
    await paste();
    await question.getByRole('button', { name: 'Trust and paste' }).click();
    await card(page, 'http').waitFor();

    await menu(page, 'File', 'Trusted pipelines…');
    const list = page.getByRole('dialog', { name: 'Trusted pipelines' });
    await list.getByText('trusted as it is').waitFor();
    await editor.shot('life-trusted');
    await list.getByRole('button', { name: `Remove ${file}` }).click();
    await list.getByRole('button', { name: 'Close', exact: true }).last().click();
    await trustBanner(page).waitFor();
    await expect.poll(() => trustBanner(page).locator('dl').innerText()).toContain('8799');
    expect(editor.errors).toEqual([]);
  });

  it('shows what is hidden in the names of its file, its nodes and its columns', async () => {
    const folder = join(temporaryFolder(), 'for\u200bder');
    mkdirSync(folder);
    const file = join(folder, 'the\u202eirs.millrace.json');
    writeFileSync(join(folder, 'peo\u2066ple.csv'), 'na\u202eme,pl\u200bain\nAda,1\nGrace,2\n');
    writePipeline(
      file,
      {
        people: { type: 'csv-file', title: 'Peo\u202eple', params: { path: 'peo\u2066ple.csv' } },
        once: { type: 'dedupe', params: { keys: ['na\u202eme'] } },
        failing: { type: 'filter', params: { mode: 'expression', where: 'row["na\\u202eme"] > (() => { throw new Error("a\\u202eb") })()' } },
      },
      ['people.rows -> once.rows', 'once.rows -> failing.rows'],
    );
    const editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await trustBanner(page).getByText('peo⟨U+2066⟩ple.csv').waitFor();
    expect(await page.evaluate(hiddenIn)).toEqual([]);
    await trustBanner(page).getByRole('button', { name: 'Trust this pipeline' }).click();
    for (const node of ['people', 'once', 'failing']) {
      await selectNode(page, node);
      if (node === 'failing') await bottomPanel(page).getByText('a⟨U+202E⟩b').first().waitFor();
      else await bottomPanel(page).getByText('na⟨U+202E⟩me').waitFor();
      if (node === 'once') await editor.shot('life-hidden');
      expect(await page.evaluate(hiddenIn), node).toEqual([]);
    }
    await menu(page, 'File', 'Open…');
    const dialog = page.getByRole('dialog').last();
    await dialog.getByText('the⟨U+202E⟩irs').waitFor();
    expect(await page.evaluate(hiddenIn)).toEqual([]);
    await editor.shot('life-hidden-open');
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

/** Texts, titles and names of the page that hold what turns or hides text. What stands in fields is theirs to edit, and cells are rows. */
function hiddenIn(): string[] {
  const hidden = /[\u200b\u202a-\u202e\u2066-\u2069]/;
  const found: string[] = [document.title];
  for (const element of document.querySelectorAll('body *:not([role="gridcell"], script, style, .monaco-editor *)')) {
    for (const name of ['title', 'aria-label', 'aria-description']) found.push(element.getAttribute(name) ?? '');
    for (const child of element.childNodes) if (child.nodeType === Node.TEXT_NODE) found.push(child.textContent ?? '');
  }
  return found.filter((text) => hidden.test(text)).map((text) => JSON.stringify(text.slice(0, 200)));
}
