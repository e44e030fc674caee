/** Processes that end, pages that are loaded again: nothing of a document is lost, and runs are found again. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, gridRows, selectNode } from './gestures.ts';
import { nodesOnCanvas, openTrusted, ready, rename, runButton, runUntil, startExample, writePipeline } from './pipelines.ts';
import { engineProcesses, isAlive } from './processes.ts';

const sources = { readings: { type: 'generator', params: { count: 5 } }, look: { type: 'inspect', params: {} } };
const edges = ['readings.rows -> look.rows'];
const lacking = (host: Host) => missing(host) ?? (process.platform === 'linux' ? null : 'processes are found on Linux only');
const documentName = (page: Page) => page.getByRole('button', { name: /^Pipeline properties of/ });

describe.each<Host>(['browser', 'desktop'])('after a crash of a %s', (host) => {
  const why = lacking(host);
  it.skipIf(why !== null)(`gives back what was not saved${why ? ` (${why})` : ''}`, async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const file = join(folder, 'one.millrace.json');
    writePipeline(file, sources, edges);
    let editor = await openTrusted(host, { data, open: file });
    await rename(editor.page, 'Not saved yet');
    await expect.poll(() => autosaves(data)).toContain('Not saved yet');
    const children = engineProcesses(editor.process.pid!, 'workbench');
    expect(children).toHaveLength(1);
    await editor.crash();
    await expect.poll(() => children.filter(isAlive)).toEqual([]);

    editor = await openEditor(host, { data });
    let { page } = editor;
    const dialog = page.getByRole('dialog', { name: 'Restore unsaved work?' });
    await dialog.getByText('Not saved yet').waitFor();
    await editor.shot('life-restore');
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.shot('life-restore-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await dialog.getByRole('button', { name: 'Restore Not saved yet' }).click();
    await card(page, 'readings').waitFor();
    expect(await documentName(page).innerText()).toContain('Not saved yet');
    await page.getByLabel('unsaved changes').waitFor();
    await expect.poll(() => gridRows(page).count()).toBe(5);
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => JSON.parse(readFileSync(file, 'utf8')).name).toBe('Not saved yet');
    await expect.poll(() => autosaves(data)).toBe('');
    expect(editor.errors).toEqual([]);
    await editor.close();

    editor = await openEditor(host, { data });
    page = editor.page;
    await ready(page);
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

describe.skipIf(lacking('browser'))('a browser', () => {
  it('does not offer a second window what the first has open', async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const editor = await openEditor('browser', { data });
    await startExample(editor.page);
    await rename(editor.page, 'Still open');
    await expect.poll(() => autosaves(data)).toContain('Still open');
    const second = await editor.page.context().newPage();
    await second.goto(editor.address!);
    await ready(second);
    expect(await second.getByRole('dialog').count()).toBe(0);
    expect(await nodesOnCanvas(second)).toBe(0);
    expect(editor.errors).toEqual([]);
  });

  it('connects to a new engine when the old one dies, with the document as it was', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'one.millrace.json');
    writePipeline(file, sources, edges);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await rename(page, 'Goes on');
    const [pid] = engineProcesses(editor.process.pid!, 'workbench');
    process.kill(pid!, 'SIGKILL');
    await page
      .getByText(/The engine was restarted|The engine ended/)
      .first()
      .waitFor();
    await editor.shot('life-restarted');
    await expect.poll(() => engineProcesses(editor.process.pid!, 'workbench').filter((child) => child !== pid)).toHaveLength(1);
    await ready(page);
    expect(await documentName(page).innerText()).toContain('Goes on');
    await page.getByLabel('unsaved changes').waitFor();
    await selectNode(page, 'readings');
    await expect.poll(() => gridRows(page).count()).toBe(5);
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => documentName(page).innerText()).not.toContain('Goes on');
    await page.keyboard.press('ControlOrMeta+Shift+z');
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => JSON.parse(readFileSync(file, 'utf8')).name).toBe('Goes on');
    await runButton(page).click();
    await runUntil(page, 'Done');
  });

  it('does not trust what somebody else wrote into the file while the engine was away', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'one.millrace.json');
    writePipeline(file, sources, edges);
    let editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    writePipeline(file, { ...sources, more: sources.readings }, edges, { name: 'Theirs' });
    process.kill(engineProcesses(editor.process.pid!, 'workbench')[0]!, 'SIGKILL');
    await editor.page
      .getByText(/The engine was restarted|The engine ended/)
      .first()
      .waitFor();
    await ready(editor.page);
    await selectNode(editor.page, 'readings');
    await expect.poll(() => gridRows(editor.page).count()).toBe(5);
    expect(await documentName(editor.page).innerText()).toContain('Readings');
    await editor.close();
    editor = await openEditor('browser', { data: join(folder, 'data'), open: file });
    await card(editor.page, 'more').waitFor();
    expect(await editor.page.getByRole('button', { name: 'Trust this pipeline' }).count()).toBe(1);
  });

  it('shows the same document, and the run that goes on, when its page is loaded again', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'one.millrace.json');
    writePipeline(file, { readings: { type: 'generator', params: { count: 1_000_000_000, rate: 800 } }, look: { type: 'inspect', params: {} } }, [
      'readings.rows -> look.rows',
    ]);
    const editor = await openTrusted('browser', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await runButton(page).click();
    await bottomPanel(page).getByText('Running').first().waitFor();
    await page.reload();
    await card(page, 'look').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).first().waitFor();
    await expect.poll(() => card(page, 'look').innerText()).toMatch(/\d+ rows/);
    await page.keyboard.press('ControlOrMeta+3');
    await page.keyboard.press('Shift+F5');
    await runUntil(page, 'Stopped');
    const received = await bottomPanel(page)
      .getByText(/received [\d,]+ rows/)
      .innerText();
    await page.reload();
    await card(page, 'look').waitFor();
    await page.keyboard.press('ControlOrMeta+3');
    await runUntil(page, 'Stopped');
    expect(await bottomPanel(page).getByText(received).count()).toBe(1);
    expect(editor.errors).toEqual([]);
  });

  it('gives back unsaved changes of a document without a file when its page is loaded again', async () => {
    const editor = await openEditor('browser', { data: temporaryFolder() });
    const { page } = editor;
    await startExample(page);
    const nodes = await nodesOnCanvas(page);
    await rename(page, 'Loaded again');
    page.once('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await expect.poll(() => nodesOnCanvas(page)).toBe(nodes);
    expect(await documentName(page).innerText()).toContain('Loaded again');
    await page.getByLabel('unsaved changes').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });
});

/** The text of all autosaved copies. */
function autosaves(data: string): string {
  try {
    const folder = join(data, 'autosave');
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
  } catch {
    return '';
  }
}
