/** Runs that never end: they outlive the editor, are found again, steered, stopped with a checkpoint and gone on with. */
import { spawn } from 'node:child_process';
import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { stateFolder } from '../../engine/store/data-folder.ts';
import { missing, openEditor, project, temporaryFolder } from './editor.ts';
import { bottomPanel, card } from './gestures.ts';
import { menu, type NodeSpec, openTrusted, readAll, runButton, runUntil, tab, writePipeline } from './pipelines.ts';

const endless: NodeSpec = { type: 'generator', title: 'Readings', params: { endless: true, rate: 2000, times: 'clock' } };
const edges = ['source.rows -> dedupe.rows', 'dedupe.rows -> table.rows'];
const nodes = (columns: readonly string[]): { readonly [id: string]: NodeSpec } => ({
  source: endless,
  dedupe: { type: 'dedupe', title: 'Once each', params: { keys: columns } },
  table: { type: 'sqlite-table', title: 'Result', params: { path: 'out.db', table: 'readings' } },
});
const status = (page: Page, state: string) =>
  bottomPanel(page)
    .getByRole('status', { name: `Run ${state}` })
    .waitFor();
const rowsIn = async (page: Page) => {
  const text = await page.getByRole('table', { name: 'Counters by node' }).locator('tr[data-node-id="table"] td').nth(1).innerText();
  return Number(text.replace(/,/g, ''));
};

describe.skipIf(missing('browser'))('an endless run', () => {
  it('goes on without its editor, is found by the next one, and can be stopped and gone on with', async () => {
    const folder = temporaryFolder();
    const [data, file] = [join(folder, 'data'), join(folder, 'one.millrace.json')];
    writePipeline(file, nodes(['time', 'sensor', 'temperature']), edges);
    let editor = await openTrusted('browser', { data, open: file });
    await runButton(editor.page).click();
    await status(editor.page, 'running');
    await bottomPanel(editor.page)
      .getByText(/checkpoint \d+, \d+ seconds? ago/)
      .waitFor();
    const before = await rowsIn(editor.page);
    await editor.close();

    editor = await openEditor('browser', { data, open: file });
    const { page } = editor;
    await card(page, 'table').waitFor();
    await tab(page, 'Run').click();
    await status(page, 'running');
    await expect.poll(() => rowsIn(page)).toBeGreaterThan(before);
    await page.mouse.move(600, 300);
    await editor.shot('life-endless-run');
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.shot('life-endless-run-dark');
    await page.emulateMedia({ colorScheme: 'light' });

    await bottomPanel(page).getByText('History', { exact: true }).click();
    await bottomPanel(page)
      .getByRole('img', { name: /^Rows per second over time/ })
      .waitFor();
    await bottomPanel(page).getByText('Checkpoint 1', { exact: true }).waitFor();
    await editor.shot('life-history');
    await bottomPanel(page).getByText('Nodes', { exact: true }).click();

    await page.keyboard.press('F6');
    await status(page, 'paused');
    const paused = await rowsIn(page);
    await bottomPanel(page).getByRole('button', { name: 'More run controls' }).click();
    await editor.shot('life-paused');
    await page.getByRole('menuitem', { name: 'Make a checkpoint' }).click();
    await page.getByText(/^Checkpoint \d+ was made\.$/).waitFor();
    await bottomPanel(page).getByRole('button', { name: 'Resume' }).click();
    await status(page, 'running');
    await expect.poll(() => rowsIn(page)).toBeGreaterThan(paused);
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');
    const written = readAll(join(folder, 'out.db'), 'SELECT count(*) AS n FROM readings') as { n: number }[];
    expect(written[0]!.n).toBe(await rowsIn(page));

    await runButton(page).click();
    const question = page.getByRole('dialog', { name: 'Resume where it stopped?' });
    await question.waitFor();
    await editor.shot('life-go-on');
    await question.getByRole('button', { name: /^Resume from checkpoint \d+$/ }).click();
    await bottomPanel(page)
      .getByText(/resumed from checkpoint \d+/)
      .waitFor();
    await expect.poll(() => rowsIn(page)).toBeGreaterThan(written[0]!.n);
    await menu(page, 'Run', 'Drain and stop');
    await runUntil(page, 'Done');
    expect(editor.errors).toEqual([]);
  });

  it('tells what of its state an edit has made useless, and asks', async () => {
    const folder = temporaryFolder();
    const [data, file] = [join(folder, 'data'), join(folder, 'one.millrace.json')];
    writePipeline(file, nodes(['time', 'sensor', 'temperature']), edges);
    let editor = await openTrusted('browser', { data, open: file });
    await runButton(editor.page).click();
    await bottomPanel(editor.page)
      .getByText(/checkpoint \d+, \d+ seconds? ago/)
      .waitFor();
    await editor.page.keyboard.press('Shift+F5');
    await runUntil(editor.page, 'Stopped');
    await editor.close();

    writePipeline(file, nodes(['time', 'sensor']), edges);
    editor = await openTrusted('browser', { data, open: file });
    const { page } = editor;
    await runButton(page).click();
    await page
      .getByRole('dialog', { name: 'Resume where it stopped?' })
      .getByRole('button', { name: /^Resume from/ })
      .click();
    const question = page.getByRole('dialog', { name: 'Some state no longer fits' });
    await question.getByText('dedupe').waitFor();
    await editor.shot('life-changed-state');
    await question.getByRole('button', { name: 'Resume without that state' }).click();
    await status(page, 'running');
    await bottomPanel(page)
      .getByText(/resumed from checkpoint \d+/)
      .waitFor();
    await menu(page, 'Run', 'Cancel the run');
    await runUntil(page, 'Stopped');
    expect(editor.errors).toEqual([]);
  });

  it('asks before it writes rows twice, where its newest checkpoint is lost', async () => {
    const folder = temporaryFolder();
    const [data, file] = [join(folder, 'data'), join(folder, 'one.millrace.json')];
    writePipeline(file, nodes(['time', 'sensor', 'temperature']), edges);
    const editor = await openTrusted('browser', { data, open: file });
    const { page } = editor;
    await runButton(page).click();
    await bottomPanel(page)
      .getByText(/checkpoint \d+, \d+ seconds? ago/)
      .waitFor();
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');
    const rows = () => (readAll(join(folder, 'out.db'), 'SELECT count(*) AS n FROM readings') as { n: number }[])[0]!.n;
    const before = rows();
    const state = stateFolder(data, file);
    const newest = readdirSync(state)
      .filter((name) => /^checkpoint-\d+\.millrace$/.test(name))
      .sort()
      .at(-1)!;
    for (const name of [newest, newest.replace(/millrace$/, 'copy')]) truncateSync(join(state, name), 100);

    const goOn = async () => {
      await runButton(page).click();
      await page
        .getByRole('dialog', { name: 'Resume where it stopped?' })
        .getByRole('button', { name: /^Resume from/ })
        .click();
      const question = page.getByRole('dialog', { name: 'Rows would be written twice' });
      await question.getByText(/holds rows up to checkpoint \d+: resuming from checkpoint \d+, the run would write the later ones a second time/).waitFor();
      return question;
    };
    await (await goOn()).getByRole('button', { name: 'Cancel' }).click();
    expect(rows()).toBe(before);
    const question = await goOn();
    await editor.shot('life-written-twice');
    await question.getByRole('button', { name: 'Resume and write them twice' }).click();
    await bottomPanel(page)
      .getByText(/resumed from checkpoint \d+/)
      .waitFor();
    await expect.poll(rows).toBeGreaterThan(before);
    await menu(page, 'Run', 'Cancel the run');
    await runUntil(page, 'Stopped');
    expect(editor.errors).toEqual([]);
  });
});

describe.skipIf(missing('desktop'))('an endless run of the desktop', () => {
  it('goes on when its window is closed, is known to the command line, and is found when the desktop opens again', async () => {
    const folder = temporaryFolder();
    const [data, file] = [join(folder, 'data'), join(folder, 'one.millrace.json')];
    writePipeline(file, nodes(['time', 'sensor', 'temperature']), edges);
    let editor = await openTrusted('desktop', { data, open: file });
    await runButton(editor.page).click();
    await bottomPanel(editor.page)
      .getByText(/checkpoint \d+, \d+ seconds? ago/)
      .waitFor();
    const before = await rowsIn(editor.page);
    const [first] = await runsOf(data);
    await editor.desktop!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    await expect.poll(() => editor.process.exitCode).toBe(0);
    await editor.close();
    expect(await runsOf(data)).toMatchObject([{ id: first!.id, pipeline: 'Readings', state: 'running', path: file }]);

    editor = await openEditor('desktop', { data, open: file });
    const { page } = editor;
    await card(page, 'table').waitFor();
    await tab(page, 'Run').click();
    await status(page, 'running');
    await expect.poll(() => rowsIn(page)).toBeGreaterThan(before);
    await editor.shot('life-found-again');
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');
    const written = await rowsIn(page);
    expect(readAll(join(folder, 'out.db'), 'SELECT count(*) AS n FROM readings')).toEqual([{ n: written }]);
    expect(await runsOf(data)).toMatchObject([{ id: first!.id, state: 'stopped' }]);

    await runButton(page).click();
    const question = page.getByRole('dialog', { name: 'Resume where it stopped?' });
    await question.getByRole('button', { name: /^Resume from checkpoint \d+$/ }).click();
    await bottomPanel(page)
      .getByText(/resumed from checkpoint \d+/)
      .waitFor();
    await expect.poll(() => rowsIn(page)).toBeGreaterThan(written);
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');
    expect(editor.errors).toEqual([]);
  });
});

interface ListedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly state: string;
  readonly path: string | null;
}

/** What `millrace runs` lists. */
async function runsOf(data: string): Promise<ListedRun[]> {
  const child = spawn(process.execPath, [join(project, 'out', 'main', 'cli.cjs'), 'runs', '--json'], {
    env: { ...process.env, MILLRACE_DATA: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk;
  return JSON.parse(text) as ListedRun[];
}
