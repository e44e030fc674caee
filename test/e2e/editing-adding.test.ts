/** Nodes come onto the canvas: dragged, searched for, dropped into an edge, or asked for at the loose end of one. */
import { describe, expect, it } from 'vitest';
import { edgesOf, nodesOf, openDrawn, settled, viewOf } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { card, centre, dragNode, drawTo, pane, port } from './gestures.ts';

const why = missing('browser');
const source = { readings: { type: 'csv-file', params: { path: 'readings.csv' } } } as const;
const pair = {
  nodes: { ...source, limit: { type: 'limit' } },
  edges: ['readings.rows -> limit.rows'],
  layout: { limit: [420, 0] },
} as const;

describe.skipIf(why !== null)(`adding nodes${why ? ` (${why})` : ''}`, () => {
  it('by dropping an edge on empty canvas, connected and as one step', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), { nodes: source });
    const start = await centre(port(page, 'readings', 'out', 'rows'));
    await drawTo(page, start, { x: start.x + 140, y: start.y + 90 });
    const menu = page.getByRole('dialog', { name: 'Add node' });
    await menu.waitFor();
    // Only what has an input can take the edge.
    expect(await menu.getByRole('option', { name: /Generator/ }).count()).toBe(0);
    await page.keyboard.type('filt');
    await page.keyboard.press('Enter');
    await card(page, 'filter').waitFor();
    expect(await edgesOf(page)).toEqual(['readings.rows->filter.rows']);
    const input = await centre(port(page, 'filter', 'in', 'rows'));
    expect(Math.hypot(input.x - start.x - 140, input.y - start.y - 90)).toBeLessThan(45);
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => nodesOf(page)).toEqual(['readings']);

    // The other way round: from an input, what gives rows.
    await dragNode(page, 'Limit', { x: 560, y: 60 });
    const input2 = await centre(port(page, 'limit', 'in', 'rows'));
    await drawTo(page, input2, { x: input2.x - 120, y: input2.y + 110 });
    await menu.waitFor();
    expect(await menu.getByRole('option', { name: /SQLite table/ }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    expect(await nodesOf(page)).toEqual(['limit', 'readings']);
  });

  it('with the key / beside the selection, into a selected edge, and nowhere on Escape', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), pair);
    await card(page, 'readings').click();
    await page.keyboard.press('/');
    await page.keyboard.type('sort');
    await page.keyboard.press('Enter');
    await card(page, 'sort').waitFor();
    expect(await edgesOf(page)).toContain('readings.rows->sort.rows');
    expect(await card(page, 'sort').getAttribute('class')).toContain('selected');

    await page.locator('.react-flow__edge[data-id="readings.rows->limit.rows"]').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('dupl');
    await page.keyboard.press('Enter');
    await expect.poll(() => edgesOf(page)).toEqual(['dedupe.rows->limit.rows', 'readings.rows->dedupe.rows', 'readings.rows->sort.rows']);

    await page.keyboard.press('/');
    await page.keyboard.type('no such node');
    await page.getByText('No node matches “no such node”.').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    expect(await nodesOf(page)).toHaveLength(4);
    // The keyboard is back on the canvas.
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => edgesOf(page)).toContain('readings.rows->limit.rows');
  });

  it('from the palette’s search with Enter, in the order of categories', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), { nodes: source });
    const palette = page.getByRole('complementary', { name: 'Node palette' });
    expect(await palette.locator('.palette-category').allInnerTexts()).toEqual([
      'Files',
      'Databases',
      'Network',
      'Generate',
      'Rows',
      'Columns',
      'Reshape',
      'Combine',
      'Aggregate',
      'Code',
      'Inspect',
    ]);
    expect(
      await palette
        .getByRole('region', { name: 'Files' })
        .getByRole('button', { name: /^Add / })
        .evaluateAll((all) => all.map((one) => one.ariaLabel)),
    ).toEqual([
      'Add CSV file (source)',
      'Add Follow files',
      'Add JSON file',
      'Add Standard input',
      'Add Text file',
      'Add CSV file (sink)',
      'Add JSON Lines file',
      'Add Standard output',
    ]);
    await card(page, 'readings').click();
    await page.keyboard.press('ControlOrMeta+f');
    await page.keyboard.type('group by');
    await expect.poll(() => palette.getByRole('button', { name: /^Add / }).count()).toBe(1);
    await page.keyboard.press('Enter');
    await card(page, 'aggregate').waitFor();
    expect(await edgesOf(page)).toEqual(['readings.rows->aggregate.rows']);
    await page.keyboard.press('Escape');
    await palette.getByRole('textbox', { name: 'Search nodes' }).fill('zzz');
    await palette.getByText('No node matches “zzz”.').waitFor();
  });

  it('by dropping one into an edge', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), pair);
    const from = await centre(port(page, 'readings', 'out', 'rows'));
    const to = await centre(port(page, 'limit', 'in', 'rows'));
    const bounds = (await pane(page).boundingBox())!;
    await dragNode(page, 'Code', { x: (from.x + to.x) / 2 - bounds.x, y: (from.y + to.y) / 2 - bounds.y });
    await expect.poll(() => edgesOf(page)).toEqual(['code.rows->limit.rows', 'readings.rows->code.rows']);
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => edgesOf(page)).toEqual(['readings.rows->limit.rows']);
  });

  it('a drop never moves the view, and a node added by keyboard moves it no further than needed', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), { nodes: source });
    const before = await viewOf(page);
    const { width, height } = (await pane(page).boundingBox())!;
    for (const at of [
      { x: width - 40, y: 200 },
      { x: 4, y: height - 6 },
      { x: width - 200, y: height - 8 },
    ]) {
      await dragNode(page, 'Filter', at);
      await settled(page);
      expect(await viewOf(page)).toBe(before);
    }
    // The second filter sticks out at the right: what is added beside it does so all the more.
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+z');
    await page.keyboard.press('ControlOrMeta+z');
    await card(page, 'filter').click({ position: { x: 20, y: 10 } });
    await page.keyboard.press('/');
    await page.keyboard.type('limit');
    await page.keyboard.press('Enter');
    await card(page, 'limit').waitFor();
    await settled(page);
    const box = (await card(page, 'limit').boundingBox())!;
    const bounds = (await pane(page).boundingBox())!;
    expect(box.x + box.width).toBeLessThanOrEqual(bounds.x + bounds.width);
    expect(bounds.x + bounds.width - box.x - box.width).toBeLessThan(40);
    expect((await viewOf(page)).replace(/.*scale/, '')).toBe(before.replace(/.*scale/, ''));
  });
});
