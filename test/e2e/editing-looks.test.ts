/** Pictures of the editor's main states, light and dark, wide and narrow, for people to look at; and what must hold in each. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { type Editor, missing, openEditor, temporaryFolder } from './editor.ts';
import { bottomPanel, card, field, openCommands, selectNode, typeCode } from './gestures.ts';
import { startExample } from './pipelines.ts';

const why = missing('browser');
const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 1000, height: 700 } } as const;
const longName = 'A title that somebody wrote to say everything about this node at once, and then some more';
const longPath = 'data/measurements/2026/january/a-file-name-that-is-far-longer-than-any-card-could-ever-show.csv';

describe.skipIf(why !== null)(`how it looks${why ? ` (${why})` : ''}`, () => {
  it('with an example, and empty', async () => {
    const editor = await openEditor('browser', { data: mkdtempSync(join(temporaryFolder(), 'data-')) });
    const { page } = editor;
    await page.getByRole('button', { name: /Seattle weather/ }).waitFor();
    await pictures(editor, 'start');
    await startExample(page);
    await page.locator('.react-flow__node').first().click();
    await page.getByRole('gridcell').first().waitFor();
    await pictures(editor, 'example');
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+n');
    await page.getByText('Start a pipeline').waitFor();
    await pictures(editor, 'empty');
    expect(editor.errors).toEqual([]);
  });

  it('while building', async () => {
    const editor = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv' } },
        filter: { type: 'filter' },
        code: { type: 'code', onError: 'route' },
        sqlite: { type: 'sqlite-table' },
      },
      edges: ['readings.rows -> filter.rows', 'filter.kept -> code.rows'],
    });
    const { page } = editor;
    await selectNode(page, 'filter');
    await field(page, 'rules').getByRole('button', { name: 'Add condition' }).click();
    await page.keyboard.type('temperature');
    await page.keyboard.press('Enter');
    await field(page, 'rules').getByRole('button', { name: 'Add condition' }).click();
    await field(page, 'rules').getByLabel('Value of condition 1').fill('3');
    await field(page, 'rules').getByLabel('Column of condition 2').fill('sensor');
    await page.keyboard.press('Escape');
    await field(page, 'rules').getByLabel('Value of condition 2').fill('s1');
    await field(page, 'rules').getByText('any', { exact: true }).click();
    await page.getByRole('gridcell').first().waitFor();
    await pictures(editor, 'form');
    await selectNode(page, 'code');
    await typeCode(page, bottomPanel(page).locator('.monaco-editor').first(), 'export default function step(row: Row) { return { ...row, f: row.');
    await page.locator('.suggest-widget.visible').waitFor();
    await editor.shot('edit-completion-light');
    await page.keyboard.press('Escape');
    await page.keyboard.type('temperature * 1.8 + 32 }; }');
    await expect.poll(() => page.getByRole('grid').getByRole('columnheader').allInnerTexts()).toContain('f');
    await pictures(editor, 'building');
    await page.locator('.react-flow').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('a');
    await pictures(editor, 'quick-add');
    await page.keyboard.press('Escape');
    await openCommands(page);
    await pictures(editor, 'commands');
  });

  it('with errors, many problems and long names', async () => {
    const editor = await openDrawn('browser', temporaryFolder(), {
      name: `${longName}, as a pipeline`,
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv' } },
        code: {
          type: 'code',
          title: longName,
          params: { code: 'export default function step(row: Row) {\n  const x = row.temprature;\n  return { ...row, x: row.sensor.length.foo };\n}\n' },
        },
        gone: { type: 'csv-file', params: { path: longPath } },
        mystery: { type: 'from-tomorrow', params: { depth: 7 } },
        filter: {
          type: 'filter',
          params: {
            rules: {
              match: 'all',
              rules: [
                { column: 'wind', operator: '>', value: 'x' },
                { column: '', operator: '=', value: '' },
              ],
            },
          },
        },
        aggregate: { type: 'aggregate', params: { aggregations: [{ function: 'sum', column: 'sensor', percent: 95, name: null }] } },
        join: { type: 'join', onError: 'route' },
        sqlite: { type: 'sqlite-table', note: 'Nobody has filled this in yet.' },
      },
      edges: [
        'readings.rows -> code.rows',
        'gone.rows -> mystery.in',
        'mystery.out -> filter.rows',
        'readings.rows -> aggregate.rows',
        'aggregate.rows -> join.rows',
        'filter.kept -> sqlite.rows',
      ],
      layout: {
        readings: [0, 0],
        code: [300, 0],
        gone: [0, 130],
        mystery: [300, 130],
        filter: [600, 110],
        aggregate: [300, 240],
        join: [600, 240],
        sqlite: [900, 110],
      },
    });
    const { page } = editor;
    await selectNode(page, 'code');
    await page.locator('.squiggly-error').first().waitFor();
    await pictures(editor, 'error');
    await page.keyboard.press('ControlOrMeta+2');
    await card(page, 'filter').click();
    await expect.poll(() => bottomPanel(page).locator('[data-problem]').count()).toBeGreaterThan(8);
    await pictures(editor, 'problems');
    await page.keyboard.press('ControlOrMeta+1');
    await card(page, 'mystery').click();
    await pictures(editor, 'unknown');
    await card(page, 'gone').click();
    await pictures(editor, 'missing-file');
    await page.mouse.move(5, 5);
    await page.locator('.react-flow').focus();
    await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+a');
    await pictures(editor, 'selection');
  });
});

/** Takes a state in both themes and sizes, and sees that nothing sticks out of the page and that text can be read. */
async function pictures(editor: Editor, state: string): Promise<void> {
  const { page } = editor;
  for (const [scheme, size] of [
    ['light', 'wide'],
    ['dark', 'narrow'],
    ['dark', 'wide'],
    ['light', 'narrow'],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize(sizes[size]);
    await page.locator(`[data-mantine-color-scheme="${scheme}"]`).first().waitFor({ state: 'attached' });
    await editor.shot(`edit-${state}-${scheme}${size === 'narrow' ? '-narrow' : ''}`);
    expect(await sticksOut(page)).toEqual([]);
  }
  await page.setViewportSize(sizes.wide);
}

/** Buttons and fields that the page cuts off at its edge. */
function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.header button, .status-bar > *, .dock-tabs button, [role="dialog"]')]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1 || box.bottom > innerHeight + 1 || box.top < -1);
      })
      .map((element) => element.ariaLabel ?? element.innerText),
  );
}
