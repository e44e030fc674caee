/** What axe finds wrong with the main states of the editor, light and dark: nothing. */
import axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, card, field, gridRows, openCommands, pane, selectNode } from './gestures.ts';
import { runUntil } from './pipelines.ts';

const why = missing('browser');

describe.skipIf(why !== null)(`accessibility${why ? ` (${why})` : ''}`, () => {
  it('has no faults in any state, light or dark', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv' } },
        code: { type: 'code', params: { code: 'export default function (row: Row) {\n  return row;\n}\n' } },
        open: { type: 'filter' },
        inspect: { type: 'inspect' },
      },
      edges: ['readings.rows -> code.rows', 'code.rows -> inspect.rows'],
    });
    await page.evaluate(axe.source);
    const faults: string[] = [];
    const look = async (state: string) => {
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.locator(`[data-mantine-color-scheme="${scheme}"]`).first().waitFor({ state: 'attached' });
        // A colour on its way to another is no fault.
        await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
        faults.push(...(await faultsOf(page)).map((fault) => `${state}, ${scheme}: ${fault}`));
      }
    };

    await selectNode(page, 'readings');
    await gridRows(page).first().waitFor();
    await look('rows');
    await page.locator('.status-zone').click();
    await page.getByRole('combobox', { name: 'Search time zones' }).waitFor();
    await look('time zones');
    await page.keyboard.press('Escape');
    await field(page, 'path').getByRole('textbox').fill('none.csv');
    await page.locator('[role="grid"][data-dimmed]').waitFor();
    await look('rows of before');
    await field(page, 'path').getByRole('textbox').fill('readings.csv');
    await page.getByRole('button', { name: 'About Filter' }).click();
    await look('about a node');
    await card(page, 'readings').click({ button: 'right' });
    await page.getByRole('menu').waitFor();
    await look('menu of a node');
    await page.keyboard.press('Escape');
    await page.getByRole('menubar').getByRole('menuitem', { name: 'Edit' }).click();
    await page.getByRole('menuitem', { name: 'Select all' }).waitFor();
    await look('menu bar');
    await page.keyboard.press('Escape');
    await openCommands(page);
    await look('commands');
    await page.keyboard.press('Escape');
    await card(page, 'readings').click();
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search nodes' }).waitFor();
    await look('adding a node');
    await page.keyboard.press('Escape');
    await selectNode(page, 'code');
    await page.locator('.monaco-editor').first().waitFor();
    await look('code');
    await page.keyboard.press('ControlOrMeta+2');
    await bottomPanel(page).locator('[data-problem]').first().waitFor();
    await look('problems');
    await card(page, 'open').click({ position: { x: 60, y: 12 } });
    await page.keyboard.press('Delete');
    await pane(page).click({ position: { x: 10, y: 10 } });
    await look('the pipeline, a message');
    await page.keyboard.press('F5');
    await runUntil(page, 'Done');
    await look('a run');
    await page.keyboard.press('ControlOrMeta+4');
    await look('results');
    await page.keyboard.press('ControlOrMeta+o');
    await page.getByRole('dialog', { name: 'Open a pipeline or data' }).getByRole('option').first().waitFor();
    await look('a file dialog');
    expect(faults).toEqual([]);
  });
});

/** Rule, how grave, and the element, for each. */
async function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe: tool } = globalThis as unknown as { readonly axe: typeof axe };
    // Colours on their way from one theme to the other are nobody's.
    await Promise.allSettled(document.getAnimations().map((animation) => (animation instanceof CSSTransition ? animation.finished : null)));
    // The corner of a grid has a label and no text.
    const rules = { 'label-content-name-mismatch': { enabled: true }, 'empty-table-header': { enabled: false } };
    // Monaco's own elements are not ours to change; the text of a button over code is the code.
    const exclude = [['.monaco-editor'], ['.monaco-aria-container'], ['[class*="glimpse"]']];
    const { violations } = await tool.run({ exclude }, { rules, resultTypes: ['violations'] });
    return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${id} (${impact}): ${node.html.slice(0, 160)}`));
  });
}
