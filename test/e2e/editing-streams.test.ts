/** Streams set up by hand: event time, windows and late rows, code with memory, joins, addresses; wrong values told where they are. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { freePort } from '../faults/stream-trial.ts';
import { copyAll, openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { bottomPanel, card, choose, connect, dragNode, field, gridRows, port, selectNode, typeCode } from './gestures.ts';

const why = missing('browser');
const byTime = { eventTime: 'column', timeColumn: 'time' } as const;
const readings = { type: 'csv-file', params: { path: 'readings.csv', ...byTime } } as const;

describe.skipIf(why !== null)(`streams${why ? ` (${why})` : ''}`, () => {
  it('shows times in the zone that is chosen, tells them apart by their offset, and remembers it', async () => {
    const editor = await openDrawn('browser', temporaryFolder(), { nodes: { readings } });
    const { page, errors } = editor;
    await selectNode(page, 'readings');
    const first = page.getByRole('gridcell').first();
    await expect.poll(() => first.innerText()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const inUtc = await first.innerText();
    const status = page.locator('.status-zone');
    expect(await status.innerText()).toBe('Times in UTC');
    await status.click();
    await page.keyboard.type('kathm');
    await page.getByRole('option', { name: /Kathmandu/ }).waitFor();
    await editor.shot('edit-time-zone-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('[data-mantine-color-scheme="dark"]').first().waitFor({ state: 'attached' });
    await editor.shot('edit-time-zone-dark');
    await page.keyboard.press('Enter');
    await expect.poll(() => status.evaluate((button) => button === document.activeElement)).toBe(true);
    const shown = new Date(Date.parse(`${inUtc.replace(' ', 'T')}Z`) + 5.75 * 3_600_000).toISOString();
    await expect.poll(() => first.innerText()).toBe(`${shown.slice(0, 19).replace('T', ' ')} +05:45`);
    await first.click();
    await page.keyboard.press('ControlOrMeta+c');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${inUtc.replace(' ', 'T')}.000Z`);
    await editor.shot('edit-time-zone-rows-dark');
    await page.reload();
    await expect.poll(() => status.innerText()).toBe('Times in Asia/Kathmandu');
    expect(errors).toEqual([]);
  });

  it('gives a source its event time, sums up by windows, and shows what comes too late', async () => {
    const { page, errors } = await openDrawn('browser', temporaryFolder(), {
      nodes: { generator: { type: 'generator', params: { endless: true, disorder: 120_000 } } },
    });
    await selectNode(page, 'generator');
    await page.getByRole('button', { name: /^Event time/ }).click();
    await field(page, 'eventTime').getByText('A column').click();
    await expect.poll(() => input(page, 'timeColumn').inputValue()).toBe('time');
    await input(page, 'outOfOrder').fill('ten');
    await expect.poll(() => field(page, 'outOfOrder').innerText()).toMatch(/must be a duration, but is the text "ten".*Write a number with a unit/s);
    await input(page, 'outOfOrder').fill('30s');

    await dragNode(page, 'Aggregate', { x: 420, y: 60 });
    await connect(page, ['generator', 'rows'], ['aggregate', 'rows']);
    await page.getByRole('button', { name: 'Add aggregation' }).click();
    await page.keyboard.press('Escape');
    // Without windows no row is late.
    await expect.poll(() => port(page, 'aggregate', 'out', 'late').count()).toBe(0);
    await choose(page, 'window', /^Tumbling/);
    await port(page, 'aggregate', 'out', 'late').waitFor();
    await expect.poll(() => headers(page)).toEqual(['window_start', 'window_end', 'count']);
    await input(page, 'every').fill('0s');
    await expect.poll(() => field(page, 'every').innerText()).toMatch(/at least 1 ms.*Write 1 ms or more/s);
    await input(page, 'every').fill('1m');

    await bottomPanel(page).getByRole('tab', { name: 'Late' }).click();
    await expect.poll(() => headers(page)).toContain('temperature');
    await expect.poll(() => gridRows(page).count()).toBeGreaterThan(0);
    await input(page, 'lateness').fill('1h');
    await bottomPanel(page).getByText('No late rows').waitFor();
    await bottomPanel(page).getByRole('tab', { name: 'Rows' }).first().click();
    await expect.poll(() => headers(page)).toEqual(['window_start', 'window_end', 'pane', 'count']);
    await page.locator('.react-flow').focus();
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => input(page, 'lateness').inputValue()).toBe('0s');
    expect(errors).toEqual([]);
  });

  it('completes and checks code with memory, and shows the rows of its timers', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: { readings, memory: { type: 'keyed-code' } },
      edges: ['readings.rows -> memory.rows'],
    });
    await selectNode(page, 'memory');
    // A name typed to its end and Enter is one column, not that one and the next.
    await input(page, 'keys').click();
    await page.keyboard.type('sensor');
    await page.keyboard.press('Enter');
    await expect.poll(() => field(page, 'keys').getByRole('listitem').allInnerTexts()).toEqual(['sensor']);

    const snippet = bottomPanel(page).locator('.monaco-editor').first();
    const start = 'export const initial = { sum: 0 }; export function onRow(row: Row, state: typeof initial, context: Context) { state';
    await typeCode(page, snippet, '');
    await page.keyboard.insertText(start);
    await page.keyboard.type('.');
    await expect.poll(() => suggestions(page)).toEqual(['sum']);
    await page.keyboard.press('Escape');
    await page.keyboard.insertText('sun += row.temperature; context.setTimer(row.time + 60_000); return null; }');
    await page.locator('.squiggly-error').first().waitFor();
    await bottomPanel(page)
      .getByRole('list', { name: 'Problems of this code' })
      .getByText(/'sun' does not exist/)
      .waitFor();
    await typeCode(page, snippet, '');
    await page.keyboard.insertText(`${start}.sum += row.temperature; context.setTimer(row.time + 60_000); return null; }
export function onTimer(timer: Timer, state: typeof initial, context: Context) { return { time: timer.time, sensor: context.key.sensor, sum: state.sum }; }`);
    await expect.poll(() => headers(page)).toEqual(['time', 'sensor', 'sum']);
    await expect.poll(() => page.getByTestId('preview-count').innerText()).toMatch(/200\s+\S*\s*7 rows/);
  });

  it('joins streams each way of matching, and numbers can be emptied and typed anew', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: {
        left: readings,
        right: readings,
        join: { type: 'stream-join' },
        limit: { type: 'rate-limit' },
      },
      edges: ['left.rows -> join.left', 'right.rows -> join.right', 'left.rows -> limit.rows'],
      layout: { left: [0, 0], right: [0, 130], join: [320, 0], limit: [320, 180] },
    });
    await selectNode(page, 'join');
    await page.getByRole('button', { name: 'Add pair of columns' }).click();
    for (let side = 0; side < 2; side++) {
      await page.keyboard.type('time');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
    }
    const shown = () => page.getByTestId('preview-count').innerText();
    await expect.poll(shown).toMatch(/^Left 200, Right 200\s+200 rows$/);
    for (const [match, fields] of [
      [/tumbling/, ['every']],
      [/sliding/, ['length', 'every']],
      [/session/, ['gap']],
      [/range/, ['before', 'after']],
    ] as const) {
      await choose(page, 'match', match);
      await expect.poll(() => visibleOf(page, ['before', 'after', 'length', 'every', 'gap'])).toEqual(fields);
      await expect.poll(() => headers(page)).toContain(match.source === 'range' ? 'event_time' : 'window_start');
    }

    await selectNode(page, 'limit');
    await input(page, 'count').click();
    await page.keyboard.press('End');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Backspace');
    expect(await input(page, 'count').inputValue()).toBe('');
    await page.keyboard.type('7');
    await expect.poll(() => card(page, 'limit').locator('.card-line').innerText()).toContain('7 rows');
    expect((await copyAll(page)).nodes['limit']!.params['count']).toBe(7);

    // What cannot be read stays as it was typed, also while another node is looked at, and the field says what is wrong.
    await selectNode(page, 'limit');
    await input(page, 'count').fill('9007199254740993');
    await selectNode(page, 'join');
    await selectNode(page, 'limit');
    expect(await input(page, 'count').inputValue()).toBe('9007199254740993');
    await expect.poll(() => field(page, 'count').innerText()).toMatch(/has more digits than a number can hold.*The nearest number is 9007199254740992/s);
    await input(page, 'count').fill('many');
    await expect.poll(() => field(page, 'count').innerText()).toMatch(/must be a number, but is the text "many"/);
    await input(page, 'count').fill('8');
    await page.keyboard.press('ArrowUp');
    await expect.poll(async () => (await copyAll(page)).nodes['limit']!.params['count']).toBe(9);
  });

  it('tells where programs send rows to, and copies that', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), { nodes: { http: { type: 'http-in' } } });
    await selectNode(page, 'http');
    await input(page, 'port').fill('8123');
    await input(page, 'path').fill('/orders');
    await page.getByText('http://127.0.0.1:8123/orders', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy address' }).click();
    await page.getByRole('button', { name: 'Address copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('http://127.0.0.1:8123/orders');
    await input(page, 'path').fill('orders');
    await expect.poll(() => field(page, 'path').innerText()).toMatch(/cannot be "orders".*It begins with \//s);
  });

  it('learns the columns of what programs send from a first request', async () => {
    const port = await freePort();
    const editor = await openDrawn('browser', temporaryFolder(), { nodes: { http: { type: 'http-in', params: { port } } } });
    const { page } = editor;
    const post = async (body: string) =>
      (await fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status;
    const dialog = page.getByRole('dialog', { name: 'Listen for a sample' });
    const listen = page.getByRole('button', { name: 'Listen for a sample' });
    await selectNode(page, 'http');
    await listen.click();
    await dialog.getByText('Waiting for a request').waitFor();
    // The dialog is there a moment before the port is.
    await expect.poll(() => post('nonsense').catch(() => 0)).toBe(400);
    await dialog.getByText(/The body is not JSON/).waitFor();
    await editor.shot('listening');
    expect(await post('{"total":2,"data":{"items":[{"id":1,"at":"2026-01-31T12:00:00Z"},{"id":2,"at":null}]}}')).toBe(503);
    await dialog.getByText('2 columns, inferred from 2 rows').waitFor();
    await editor.shot('heard');
    await page.keyboard.press('Enter');
    const params = async () => (await copyAll(page)).nodes['http']!.params;
    await expect.poll(params).toMatchObject({
      columns: [
        { column: 'id', type: 'integer' },
        { column: 'at', type: 'timestamp' },
      ],
      records: 'data.items',
    });
    await page.keyboard.press('ControlOrMeta+z');
    await expect.poll(async () => (await params())['columns'] ?? []).toEqual([]);

    // Whoever cancels closes the port.
    await selectNode(page, 'http');
    await listen.click();
    await expect.poll(() => post('nonsense').catch(() => 0)).toBe(400);
    await page.keyboard.press('Escape');
    await expect.poll(() => listen.evaluate((button) => button === document.activeElement)).toBe(true);
    await expect.poll(() => post('{}').catch(() => 0)).toBe(0);
  });

  it('remembers which parts of a form are open', async () => {
    const { page } = await openDrawn('browser', temporaryFolder(), {
      nodes: { a: { type: 'csv-file', params: { path: 'readings.csv' } }, b: { type: 'generator' } },
    });
    await selectNode(page, 'a');
    const head = page.getByRole('button', { name: /^Event time/ });
    expect(await head.getAttribute('aria-expanded')).toBe('false');
    await head.press('Enter');
    await field(page, 'eventTime').waitFor();
    await selectNode(page, 'b');
    await expect.poll(() => head.getAttribute('aria-expanded')).toBe('true');
    await page.reload();
    await selectNode(page, 'a');
    await expect.poll(() => head.getAttribute('aria-expanded')).toBe('true');
  });
});

const input = (page: Page, path: string) => field(page, path).locator('input').first();
const visibleOf = async (page: Page, paths: readonly string[]) => {
  const there = await Promise.all(paths.map((path) => field(page, path).count()));
  return paths.filter((_, i) => there[i]! > 0);
};
/** The columns of the grid, without the one of row numbers. */
async function headers(page: Page): Promise<string[]> {
  return (await page.getByRole('grid').getByRole('columnheader').allInnerTexts()).slice(1);
}
async function suggestions(page: Page): Promise<string[]> {
  return page.locator('.suggest-widget.visible .monaco-list-row .label-name').allInnerTexts();
}
