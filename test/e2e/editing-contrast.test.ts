/** Texts, icons and fields of palette, form, code, preview and problems can be read, light and dark. */
import { describe, expect, it } from 'vitest';
import { contrastFaults } from './contrast.ts';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, card, field, selectNode } from './gestures.ts';

const why = missing('browser');
const wrong =
  'export const initial = { n: 0 };\n// Counts.\nexport function onRow(row: Row, state: typeof initial) {\n  state.m++;\n  return { ...row, t: "x" };\n}\n';

describe.skipIf(why !== null)(`contrast${why ? ` (${why})` : ''}`, () => {
  it('is enough in each theme', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings: { type: 'csv-file', params: { path: 'readings.csv', eventTime: 'column', timeColumn: 'time' } },
        aggregate: { type: 'aggregate', onError: 'route', params: { groupBy: ['sensor'], window: 'tumbling', every: 0 } },
        memory: { type: 'keyed-code', params: { keys: ['sensor'], code: wrong } },
        http: { type: 'http-in', note: 'Nobody sends yet.' },
      },
      edges: ['readings.rows -> aggregate.rows', 'readings.rows -> memory.rows'],
      layout: { readings: [0, 0], aggregate: [280, 0], memory: [0, 150], http: [280, 150] },
    });
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    const places = {
      palette: page.getByRole('complementary', { name: 'Node palette' }),
      inspector,
      dock: bottomPanel(page),
      list: page.locator('.mantine-Combobox-dropdown'),
    };
    const folded = inspector.locator('button[aria-expanded="false"]');
    const faults: string[] = [];
    const look = async (state: string) => {
      for (const [name, place] of Object.entries(places)) {
        const visible = await place.all();
        if (name !== 'list') expect(visible, name).toHaveLength(1);
        for (const one of visible) faults.push(...(await contrastFaults(one)).map((fault) => `${state}, ${name}: ${fault}`));
      }
    };
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.locator(`[data-mantine-color-scheme="${scheme}"]`).first().waitFor({ state: 'attached' });
      await selectNode(page, 'readings');
      await page.getByRole('gridcell').first().waitFor();
      await field(page, 'timeColumn').locator('input').first().click();
      await page.getByRole('option', { name: 'sensor' }).waitFor();
      await look(`${scheme}, data`);
      await page.keyboard.press('Escape');
      await card(page, 'aggregate').click({ position: { x: 60, y: 12 } });
      await field(page, 'every').getByRole('alert').waitFor();
      while ((await folded.count()) > 0) await folded.first().click();
      await look(`${scheme}, form`);
      await card(page, 'memory').click({ position: { x: 60, y: 12 } });
      await page.locator('.squiggly-error').first().waitFor();
      await look(`${scheme}, code`);
      await card(page, 'http').click({ position: { x: 60, y: 12 } });
      await inspector.getByText('Send rows to').waitFor();
      await page.keyboard.press('ControlOrMeta+2');
      await bottomPanel(page).locator('[data-problem]').first().waitFor();
      await look(`${scheme}, problems`);
      await page.keyboard.press('ControlOrMeta+1');
    }
    expect(faults).toEqual([]);
  });
});
