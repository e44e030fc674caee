/** What people do in the editor, with mouse and keyboard; no shortcut through the program. */
import type { Locator, Page } from 'playwright';
import { expect } from 'vitest';

export const card = (page: Page, node: string): Locator => page.locator(`.react-flow__node[data-id="${node}"]`);
export const port = (page: Page, node: string, side: 'in' | 'out', name: string): Locator =>
  page.locator(`.react-flow__node[data-id="${node}"] [data-side="${side}"][data-port="${name}"]`);
export const field = (page: Page, path: string): Locator => page.locator(`[data-field="${path}"]`);
export const bottomPanel = (page: Page): Locator => page.getByRole('region', { name: 'Bottom panel' });
/** The rows that the data grid shows, header apart. */
export const gridRows = (page: Page): Locator =>
  page
    .getByRole('grid')
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell') });

/** Drags a node type from the palette to a place on the canvas, in pixels from its upper left corner. */
export async function dragNode(page: Page, title: string, at: { x: number; y: number }): Promise<void> {
  await page.getByRole('button', { name: `Add ${title}`, exact: true }).dragTo(page.locator('.react-flow__pane'), { targetPosition: at });
}

/** Chooses from the list of a field. */
export async function choose(page: Page, path: string, option: string | RegExp): Promise<void> {
  await field(page, path).getByRole('combobox').first().click();
  await page.getByRole('option', { name: option }).first().click();
}

/** Draws an edge from an output to an input. */
export async function connect(page: Page, from: [node: string, port: string], to: [node: string, port: string]): Promise<void> {
  await drawTo(page, await centre(port(page, from[0], 'out', from[1])), await centre(port(page, to[0], 'in', to[1])));
}

/** Presses the mouse at one place of the page and lets go at another, moving as a hand does. */
export async function drawTo(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 8 });
  await page.mouse.up();
}

export async function selectNode(page: Page, node: string): Promise<void> {
  await card(page, node).click();
}

/** Opens the list of all commands by its keys, and waits until it takes what is typed: keys that come before that are the canvas's. */
export async function openCommands(page: Page): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k');
  await page.locator('.mantine-Spotlight-search:focus').waitFor();
}

/** Replaces a Monaco editor's text by typing; on one line, since a new one would be indented by the editor. */
export async function typeCode(page: Page, editor: Locator, text: string): Promise<void> {
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text, { delay: 4 });
}

/** Escape, until the keyboard is the canvas's: the first one closes a list of suggestions that may be open by now. */
export async function leaveCode(page: Page): Promise<void> {
  await expect
    .poll(async () => {
      await page.keyboard.press('Escape');
      return page.evaluate(() => document.activeElement?.closest('.react-flow') != null);
    })
    .toBe(true);
}

export async function centre(target: Locator): Promise<{ x: number; y: number }> {
  const box = await target.boundingBox();
  if (!box) throw new Error(`not to be seen: ${target}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export const pane = (page: Page): Locator => page.locator('.react-flow__pane');
