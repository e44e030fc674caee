/** A pipeline of hundreds of nodes: what is in sight is drawn, all of it can be reached and read. No times are measured here. */
import { describe, expect, it } from 'vitest';
import { type Drawn, openDrawn, settled } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { card, selectNode } from './gestures.ts';

type DrawnNode = NonNullable<Drawn['nodes']>[string];

const rows = 15;
const columns = 20;
const id = (row: number, column: number) => `n${row}_${column}`;
const cells = Array.from({ length: rows * columns }, (_, index) => [Math.floor(index / columns), index % columns] as const);
const drawn: Drawn = {
  nodes: Object.fromEntries(
    cells.map(([row, column]): [string, DrawnNode] => [
      id(row, column),
      column === 0 ? { type: 'csv-file', params: { path: 'readings.csv' } } : { type: 'filter', params: { mode: 'expression', where: 'row.temperature > 1' } },
    ]),
  ),
  edges: cells.flatMap(([row, column]) => (column === 0 ? [] : [`${id(row, column - 1)}.${column === 1 ? 'rows' : 'kept'} -> ${id(row, column)}.rows`])),
  layout: Object.fromEntries(cells.map(([row, column]) => [id(row, column), [column * 300, row * 140] as const])),
};
const why = missing('browser');

describe.skipIf(why !== null)(`300 nodes${why ? ` (${why})` : ''}`, () => {
  it('are drawn where they are in sight, walked through by keyboard, and can be read from far', async () => {
    const editor = await openDrawn('browser', temporaryFolder(), drawn);
    const { page } = editor;
    const cards = page.locator('.react-flow__node');
    expect(await cards.count()).toBeLessThan(60);
    expect(await card(page, id(14, 19)).count()).toBe(0);

    await selectNode(page, id(0, 0));
    for (let step = 1; step < 12; step++) {
      await page.keyboard.press('Alt+ArrowRight');
      await page.locator(`.react-flow__node[data-id="${id(0, step)}"]:focus`).waitFor();
    }
    expect(await cards.count()).toBeLessThan(80);

    await page.keyboard.press('f');
    await card(page, id(14, 19)).waitFor();
    await settled(page);
    expect(await cards.count()).toBe(300);
    const titles = await page.locator('.far-titles span').evaluateAll((spans) =>
      spans.map((span) => {
        const { left, right, top, bottom, height } = span.getBoundingClientRect();
        return { left, right, top, bottom, height };
      }),
    );
    expect(titles.length).toBeGreaterThan(50);
    for (const { height } of titles) expect(height).toBeGreaterThan(12);
    const overlapping = titles.filter((one, index) =>
      titles.some(
        (other, at) => at > index && one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1,
      ),
    );
    expect(overlapping).toEqual([]);
    await editor.shot('large-whole');
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.shot('large-whole-dark');
    expect(editor.errors).toEqual([]);
  });
});
