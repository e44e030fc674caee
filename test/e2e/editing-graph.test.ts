/** Nodes and edges that are there: selected, moved, joined, copied, renamed, removed, and all of it undone. */
import { describe, expect, it } from 'vitest';
import { copyAll, copySelected, edgesOf, nodesOf, openDrawn, settled } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { card, centre, drawTo, pane, port } from './gestures.ts';

const why = missing('browser');
const chain = {
  nodes: {
    readings: { type: 'csv-file', params: { path: 'readings.csv' } },
    first: { type: 'limit', title: 'First' },
    second: { type: 'limit', title: 'Second' },
    other: { type: 'generator', title: 'Other' },
  },
  edges: ['readings.rows -> first.rows', 'first.rows -> second.rows'],
  layout: { first: [290, 0], second: [580, 0], other: [0, 130] },
} as const;

describe.skipIf(why !== null)(`editing the graph${why ? ` (${why})` : ''}`, () => {
  it('refuses connections and says why, while drawing and after letting go', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), chain);
    const hint = page.locator('.connection-hint');
    const attempt = async (from: { x: number; y: number }, to: { x: number; y: number }, reason: RegExp) => {
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(to.x, to.y, { steps: 6 });
      await expect.poll(() => hint.allInnerTexts()).toContainEqual(expect.stringMatching(reason));
      await page.mouse.up();
      await expect.poll(() => page.getByRole('alert').filter({ hasText: reason }).count()).toBe(1);
      await page.mouse.click((await pane(page).boundingBox())!.x + 20, (await pane(page).boundingBox())!.y + 20);
      await hint.waitFor({ state: 'detached' });
    };
    const at = async (node: string, side: 'in' | 'out') => centre(port(page, node, side, 'rows'));
    const before = await edgesOf(page);
    await attempt(await at('second', 'out'), await at('first', 'in'), /would create a cycle: “First” already feeds “Second”/);
    await attempt(await at('other', 'out'), await at('second', 'in'), /“Second” takes one edge at “Rows”. Hold Alt to replace it./);
    await attempt(await at('other', 'out'), await at('second', 'out'), /Both are outputs/);
    await attempt(await at('second', 'in'), await at('first', 'in'), /Both are inputs/);
    expect(await edgesOf(page)).toEqual(before);

    // On a card instead of a port: there is none that could take it.
    await drawTo(page, await at('second', 'out'), await centre(card(page, 'readings')));
    await expect.poll(() => page.getByRole('alert').innerText()).toMatch(/it is a source/);
    // Alt replaces the edge that is in the way.
    await page.keyboard.down('Alt');
    await drawTo(page, await at('other', 'out'), await at('second', 'in'));
    await page.keyboard.up('Alt');
    await expect.poll(() => edgesOf(page)).toEqual(['other.rows->second.rows', 'readings.rows->first.rows']);
  });

  it('copies several nodes as JSON text, pastes them and text from elsewhere, duplicates and deletes', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), chain);
    await card(page, 'readings').click();
    await card(page, 'first').click({ modifiers: ['Control'] });
    const copied = await copySelected(page);
    expect(Object.keys(copied.nodes)).toEqual(['first', 'readings']);
    expect(copied.edges).toHaveLength(1);

    await page.keyboard.press('ControlOrMeta+v');
    await expect.poll(() => nodesOf(page)).toEqual(['first', 'first_2', 'other', 'readings', 'readings_2', 'second']);
    expect(await edgesOf(page)).toContain('readings_2.rows->first_2.rows');
    await page.getByRole('contentinfo').getByText('2 nodes selected').waitFor();

    await page.keyboard.press('ControlOrMeta+d');
    await expect.poll(() => nodesOf(page)).toHaveLength(8);
    await page.keyboard.press('Delete');
    await expect.poll(() => nodesOf(page)).toHaveLength(6);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('ControlOrMeta+x');
    await expect.poll(() => nodesOf(page)).toEqual([]);
    await page.keyboard.press('ControlOrMeta+v');
    await expect.poll(() => nodesOf(page)).toHaveLength(6);

    const elsewhere = {
      nodes: { hot: { type: 'filter', typeVersion: 1, params: { mode: 'expression', where: 'row.x > 1' } } },
      edges: [],
      layout: { hot: { x: 0, y: 0 } },
    };
    await page.evaluate(
      (text) => navigator.clipboard.writeText(text),
      JSON.stringify({ format: 'millrace/clip', pipeline: { name: '', parameters: {}, ...elsewhere } }),
    );
    await page.keyboard.press('ControlOrMeta+v');
    // It was not copied here: what it would do is shown first.
    await page.getByRole('dialog', { name: 'Paste nodes from elsewhere?' }).getByRole('button', { name: 'Trust and paste' }).click();
    await card(page, 'hot').getByText('row.x > 1').waitFor();

    await page.evaluate(() => navigator.clipboard.writeText('a shopping list'));
    await page.keyboard.press('ControlOrMeta+v');
    await page.getByText('The pasted text contains neither nodes nor rows.').waitFor();
    expect(await nodesOf(page)).toHaveLength(7);
  });

  it('undoes and redoes everything, a drag of several nodes as one step', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), chain);
    const start = await copyAll(page);
    const undoLabel = () => page.locator('[data-command="edit.undo"]');

    // A drag of two nodes over many movements of the mouse.
    await card(page, 'first').click();
    await card(page, 'second').click({ modifiers: ['Control'] });
    const from = await centre(card(page, 'second'));
    await drawTo(page, { x: from.x, y: from.y - 10 }, { x: from.x + 60, y: from.y + 110 });
    const moved = await copyAll(page);
    expect(moved.layout['second']!.x).toBeGreaterThan(start.layout['second']!.x + 40);
    expect(moved.layout['second']!.y - start.layout['second']!.y).toBe(moved.layout['first']!.y - start.layout['first']!.y);

    await page.locator('.react-flow__edge[data-id="readings.rows->first.rows"]').click();
    await page.keyboard.press('Delete');
    await expect.poll(() => edgesOf(page)).toEqual(['first.rows->second.rows']);
    await card(page, 'other').click();
    await page.keyboard.press('F2');
    await page.keyboard.type('Sensors');
    await page.keyboard.press('Enter');
    await card(page, 'other').getByText('Sensors').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ControlOrMeta+Shift+l');
    await settled(page);
    const end = await copyAll(page);
    expect(end.nodes['other']!.title).toBe('Sensors');

    // Arranged, nudged (two presses are one step), renamed, edge deleted, dragged: five steps back.
    for (let step = 0; step < 4; step++) await page.keyboard.press('ControlOrMeta+z');
    expect({ ...(await copyAll(page)), nodes: {} }).toEqual({ ...moved, nodes: {} });
    await undoLabel().hover();
    await page.getByRole('tooltip', { name: /Undo move 2 nodes/ }).waitFor();
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await copyAll(page)).toEqual(start);
    expect(await undoLabel().isDisabled()).toBe(true);
    for (let step = 0; step < 5; step++) await page.keyboard.press('ControlOrMeta+Shift+z');
    expect(await copyAll(page)).toEqual(end);
  });

  it('arranges automatically: along the edges from left to right, nothing upon another', async () => {
    const heap = { ...chain, layout: { readings: [300, 40], first: [280, 20], second: [310, 60], other: [290, 10] } } as const;
    const { page } = await openDrawn('browser', temporaryFolder(), heap);
    await page.getByRole('button', { name: 'Arrange automatically' }).click();
    await settled(page);
    const boxes = await Promise.all(['readings', 'first', 'second', 'other'].map(async (id) => (await card(page, id).boundingBox())!));
    const [readings, first, second] = boxes;
    expect(first!.x).toBeGreaterThan(readings!.x + readings!.width);
    expect(second!.x).toBeGreaterThan(first!.x + first!.width);
    for (const one of boxes)
      for (const two of boxes)
        if (one !== two)
          expect(one.x + one.width <= two.x || two.x + two.width <= one.x || one.y + one.height <= two.y || two.y + two.height <= one.y).toBe(true);
    await page.keyboard.press('ControlOrMeta+z');
    expect((await copyAll(page)).layout).toMatchObject({ first: { x: 280, y: 20 } });
  });

  it('renames on the card with F2, and Escape leaves the old title', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), chain);
    await card(page, 'first').click();
    await page.keyboard.press('F2');
    await page.keyboard.type('Something else');
    await page.keyboard.press('Escape');
    expect(await card(page, 'first').locator('.card-title').innerText()).toBe('First');
    await page.keyboard.press('F2');
    await page.keyboard.type('The first hundred');
    await page.keyboard.press('Enter');
    expect(await card(page, 'first').locator('.card-title').innerText()).toBe('The first hundred');
    expect(await page.getByLabel('Node title').inputValue()).toBe('The first hundred');
    // The keyboard stays with the node.
    await page.keyboard.press('Delete');
    await expect.poll(() => nodesOf(page)).not.toContain('first');
  });
});
