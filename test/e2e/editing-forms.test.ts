/** The inspector's form: filled from what arrives at the node, and what it means for the node. */
import { describe, expect, it } from 'vitest';
import { copyAll, edgesOf, openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, card, connect, field, gridRows, port, selectNode } from './gestures.ts';

const why = missing('browser');
const readings = { type: 'csv-file', params: { path: 'readings.csv' } } as const;

describe.skipIf(why !== null)(`the form${why ? ` (${why})` : ''}`, () => {
  it('offers the columns upstream, builds conditions, and the preview follows', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: { readings, filter: { type: 'filter' } },
      edges: ['readings.rows -> filter.rows'],
    });
    await selectNode(page, 'filter');
    await expect.poll(() => card(page, 'filter').locator('.card-line').innerText()).toBe('Add a condition');
    const rules = field(page, 'rules');
    await rules.getByRole('button', { name: 'Add condition' }).click();
    // The new condition's column has the focus already.
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.getByRole('option').allInnerTexts()).toEqual(['time', 'sensor', 'temperature']);
    await page.keyboard.type('temp');
    await expect.poll(() => page.getByRole('option').allInnerTexts()).toEqual(['temperature']);
    await page.keyboard.press('Enter');
    expect(await rules.getByLabel('Column of condition 1').inputValue()).toBe('temperature');
    await rules.getByRole('combobox', { name: 'Operator of condition 1' }).or(rules.getByLabel('Operator of condition 1')).first().click();
    await page.getByRole('option', { name: '>', exact: true }).click();
    await rules.getByLabel('Value of condition 1').fill('40');
    await expect.poll(() => page.getByTestId('preview-count').innerText()).toMatch(/200\s+36 rows/);
    await rules.getByRole('button', { name: 'Add condition' }).click();
    await rules.getByLabel('Column of condition 2').fill('sensor');
    await rules.getByLabel('Value of condition 2').fill('s1');
    await page.keyboard.press('Tab');
    await rules.getByText('any', { exact: true }).click();
    await expect.poll(() => card(page, 'filter').locator('.card-line').innerText()).toBe('temperature > 40 or sensor = s1');
    await rules.getByRole('button', { name: 'Remove condition 2' }).click();
    await expect.poll(() => page.getByTestId('preview-count').innerText()).toMatch(/200\s+36 rows/);
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => card(page, 'filter').locator('.card-line').innerText()).toContain('or sensor = s1');
  });

  it('adds, copies, moves and removes the items of a list', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: { readings, select: { type: 'select' } },
      edges: ['readings.rows -> select.rows'],
    });
    await selectNode(page, 'select');
    const list = field(page, 'columns');
    const names = () => list.getByLabel(/^Column$/).evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
    for (const name of ['sensor', 'temperature']) {
      await list.getByRole('button', { name: 'Add column' }).click();
      await page.keyboard.type(name);
      await page.keyboard.press('Escape');
    }
    await expect.poll(names).toEqual(['sensor', 'temperature']);
    await list.getByRole('button', { name: 'Move Column 2 up' }).click();
    await expect.poll(names).toEqual(['temperature', 'sensor']);
    await list.getByRole('button', { name: 'Copy Column 1' }).click();
    await expect.poll(names).toEqual(['temperature', 'temperature', 'sensor']);
    // Two columns of one name: told at the item, at the node and in the panel.
    await expect.poll(() => field(page, 'columns.1.name').innerText()).toMatch(/Two columns would be called/);
    await field(page, 'columns.1.name').getByRole('textbox').fill('degrees');
    await expect.poll(() => page.getByRole('grid').getByRole('columnheader').allInnerTexts()).toEqual([expect.anything(), 'temperature', 'degrees', 'sensor']);
    await list.getByRole('button', { name: 'Remove Column 1' }).click();
    await expect.poll(() => page.getByRole('grid').getByRole('columnheader').allInnerTexts()).toEqual([expect.anything(), 'degrees', 'sensor']);
  });

  it('sends rows that fail to a port of their own', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        readings,
        code: {
          type: 'code',
          params: { code: 'export default function step(row: Row) {\n  if (row.temperature === 7) throw new Error("seven");\n  return row;\n}\n' },
        },
        inspect: { type: 'inspect' },
      },
      edges: ['readings.rows -> code.rows'],
    });
    await selectNode(page, 'code');
    await page.getByRole('radiogroup', { name: 'When a row fails' }).getByText('Route', { exact: true }).click();
    await port(page, 'code', 'out', 'errors').waitFor();
    await connect(page, ['code', 'errors'], ['inspect', 'rows']);
    await expect.poll(() => edgesOf(page)).toContain('code.errors->inspect.rows');
    await selectNode(page, 'inspect');
    await expect.poll(() => gridRows(page).count()).toBe(4);
    await page.getByRole('grid').getByText('seven').first().waitFor();
    // Another policy takes port and edge away as one step, which can be undone.
    await selectNode(page, 'code');
    await page.getByRole('radiogroup', { name: 'When a row fails' }).getByText('Skip', { exact: true }).click();
    await port(page, 'code', 'out', 'errors').waitFor({ state: 'detached' });
    expect(await edgesOf(page)).toEqual(['readings.rows->code.rows']);
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => edgesOf(page)).toContain('code.errors->inspect.rows');
  });

  it('shows a node of an unknown type as a placeholder and keeps its JSON', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: { readings, mystery: { type: 'from-tomorrow', params: { depth: 7, parts: ['a', { b: true }] } }, inspect: { type: 'inspect' } },
      edges: ['readings.rows -> mystery.left', 'mystery.found -> inspect.rows'],
    });
    const before = await copyAll(page);
    expect(before.nodes['mystery']).toEqual({ type: 'from-tomorrow', typeVersion: 1, params: { depth: 7, parts: ['a', { b: true }] } });
    expect(before.edges).toHaveLength(2);
    await card(page, 'mystery').getByText('Unknown type “from-tomorrow”').waitFor();
    await card(page, 'mystery').click();
    await page.keyboard.press('F2');
    await page.keyboard.type('Later');
    await page.keyboard.press('Enter');
    await page.getByText('This version of Millrace has no such node.', { exact: false }).first().waitFor();
    await page.keyboard.press('ControlOrMeta+2');
    await bottomPanel(page)
      .getByText(/from-tomorrow/)
      .first()
      .waitFor();
    expect((await copyAll(page)).nodes['mystery']).toEqual({ ...before.nodes['mystery'], title: 'Later' });
  });
});
