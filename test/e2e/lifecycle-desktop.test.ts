/** What only a desktop window has: closing, size and place, native menus; and a theme that stays. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Editor, missing, openEditor, temporaryFolder } from './editor.ts';
import { card, openCommands } from './gestures.ts';
import { openTrusted, ready, rename, startExample, writePipeline } from './pipelines.ts';

const windows = ({ desktop }: Editor) => desktop!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
const askToClose = ({ desktop }: Editor) => desktop!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());

describe.skipIf(missing('desktop'))('a desktop window', () => {
  it('asks before it is closed with unsaved changes', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'one.millrace.json');
    writePipeline(file, { readings: { type: 'generator', params: {} } });
    const editor = await openTrusted('desktop', { data: join(folder, 'data'), open: file });
    const { page } = editor;
    await rename(page, 'Changed');
    await askToClose(editor);
    const dialog = page.getByRole('dialog', { name: /Save the changes to “Changed”/ });
    await dialog.waitFor();
    await editor.shot('life-unsaved');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    expect(await windows(editor)).toBe(1);
    expect(await page.getByLabel('unsaved changes').count()).toBe(1);
    expect(editor.errors).toEqual([]);

    await askToClose(editor);
    const gone = new Promise((resolve) => page.once('close', resolve));
    await dialog.getByRole('button', { name: "Don't save" }).click();
    await gone;
    await expect.poll(() => editor.process.exitCode).toBe(0);
    await editor.close();

    const again = await openEditor('desktop', { data: join(folder, 'data'), open: file });
    await card(again.page, 'readings').waitFor();
    expect(await again.page.getByRole('dialog').count()).toBe(0);
    expect(await again.page.getByText('Changed').count()).toBe(0);
  });

  it('comes back where and as large as it was, and in the theme that was chosen', async () => {
    const data = temporaryFolder();
    let editor = await openEditor('desktop', { data });
    await ready(editor.page);
    const place = { x: 120, y: 80, width: 1100, height: 700 };
    await editor.desktop!.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]!.setBounds(bounds), place);
    await openCommands(editor.page);
    await editor.page.keyboard.type('theme: dark');
    await editor.page.keyboard.press('Enter');
    await expect.poll(() => editor.page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
    await askToClose(editor);
    await expect.poll(() => editor.process.exitCode).toBe(0);
    await editor.close();

    editor = await openEditor('desktop', { data });
    await ready(editor.page);
    expect(await editor.desktop!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds())).toEqual(place);
    expect(await editor.page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
    await editor.shot('life-dark');
    expect(editor.errors).toEqual([]);
  });

  it('has the commands of the editor in its native menu', async () => {
    const folder = temporaryFolder();
    const editor = await openEditor('desktop', { data: folder });
    const { page } = editor;
    await startExample(page);
    // A window does not tell its menu: what it is given is kept.
    await editor.desktop!.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0]!;
      const set = window.setMenu.bind(window);
      window.setMenu = (menu) => {
        (globalThis as { shown?: unknown }).shown = menu;
        set(menu);
      };
    });
    await rename(page, 'Changed');
    const read = () =>
      editor.desktop!.evaluate(() => {
        const { shown } = globalThis as { shown?: Electron.Menu };
        return (shown?.items ?? []).map(
          (item) => [item.label, (item.submenu?.items ?? []).filter((entry) => entry.enabled).map((entry) => entry.label)] as const,
        );
      });
    await expect.poll(async () => (await read()).map(([label]) => label)).toEqual(['File', 'Edit', 'View', 'Run', 'Help']);
    expect(Object.fromEntries(await read())['File']).toEqual(expect.arrayContaining(['New pipeline', 'Open…', 'Save', 'Save as…', 'Examples…']));
    const file = join(folder, 'by-menu.millrace.json');
    await editor.chooseFile(file, () =>
      editor.desktop!.evaluate(({ BrowserWindow }) => {
        const { shown } = globalThis as unknown as { readonly shown: Electron.Menu };
        const window = BrowserWindow.getAllWindows()[0]!;
        const save = shown.items[0]!.submenu!.items.find((item) => item.label === 'Save')!;
        save.click(undefined, window, window.webContents);
      }),
    );
    await expect.poll(() => existsSync(file)).toBe(true);
    await expect.poll(() => page.getByLabel('unsaved changes').count()).toBe(0);
    expect(editor.errors).toEqual([]);
  });
});

describe.skipIf(missing('browser'))('a browser window', () => {
  it('keeps the theme that was chosen', async () => {
    const data = temporaryFolder();
    let editor = await openEditor('browser', { data });
    await ready(editor.page);
    await editor.page.getByRole('menubar').getByRole('menuitem', { name: 'View' }).click();
    await editor.page.getByRole('menuitem', { name: /Theme: dark/ }).click();
    const scheme = () => editor.page.locator('html').getAttribute('data-mantine-color-scheme');
    await expect.poll(scheme).toBe('dark');
    await editor.close();
    editor = await openEditor('browser', { data });
    await ready(editor.page);
    expect(await scheme()).toBe('dark');
    await editor.shot('life-dark');
    expect(editor.errors).toEqual([]);
  });
});
