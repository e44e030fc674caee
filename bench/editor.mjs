// `npm run bench:editor`: how fast the editor feels. Needs a Chromium (MILLRACE_BROWSER, or one that is installed), and for the
// start of the desktop an Electron runtime and a display. Prints medians; nothing here is a test.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, chromium } from 'playwright';
import { ensureBuilt, needNode, nodeBinary, project } from '../bin/build.mjs';
import { findDesktop, provideBrowser } from '../test/provide.mjs';

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-editor-'));
// Each start has data of its own: what one leaves unsaved would be offered to the next.
const freshData = () => mkdtempSync(join(folder, 'data-'));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (what, figure) => process.stdout.write(`${what.padEnd(62)} ${figure}\n`);

needNode();
ensureBuilt();
writeFileSync(
  join(folder, 'rows.csv'),
  `time,sensor,temperature\n${Array.from({ length: 1000 }, (_, i) => `2026-01-01T00:00:${String(i % 60).padStart(2, '0')}Z,s${i % 9},${i % 50}`).join('\n')}\n`,
);
writeFileSync(join(folder, 'type.millrace.json'), pipeline(typing()));
writeFileSync(join(folder, 'many.millrace.json'), pipeline(chain(200)));

await measureBrowser();
await measureDesktop();
rmSync(folder, { recursive: true, force: true });

async function measureBrowser() {
  const executablePath = provideBrowser();
  if (!executablePath) return say('browser', 'not measured: no Chromium');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    await serve('type.millrace.json', async (address) => {
      const page = await open(browser, address);
      await page.locator('.react-flow__node[data-id="hot"]').click();
      await page.locator('[data-field="where"] [role="textbox"]').click();
      await page.locator('[data-field="where"] .monaco-editor').waitFor();
      await page.getByRole('grid').waitFor();
      await page.keyboard.press('End');
      const spans = [];
      for (let round = 0; round < 30; round++) {
        await page.evaluate(() => performance.clearMeasures('millrace:preview'));
        await page.keyboard.press(round % 2 ? 'Backspace' : '0');
        const span = await page.waitForFunction(() => performance.getEntriesByName('millrace:preview')[0]?.duration, null, { timeout: 5000 });
        if (round >= 4) spans.push(await span.jsonValue());
        await page.waitForTimeout(150);
      }
      say('keystroke to painted grid, 1,000 rows', `${median(spans).toFixed(0)} ms median, ${Math.max(...spans).toFixed(0)} ms at most (26 keys)`);
    });
    await serve('many.millrace.json', async (address) => {
      const page = await open(browser, address);
      await page.locator('.react-flow__node').nth(199).waitFor({ state: 'attached' });
      for (const [name, key] of [
        ['all in view', 'f'],
        ['at the zoom they open with', null],
      ]) {
        if (key) {
          await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } });
          await page.keyboard.press(key);
          await page.waitForTimeout(800);
        }
        say(`panning 200 nodes, software rendering, ${name}`, `${(await framesWhile(page, () => pan(page))).toFixed(0)} frames/s`);
      }
    });
  } finally {
    await browser.close();
  }
}

async function measureDesktop() {
  const executablePath = findDesktop();
  if (!executablePath) return say('desktop', 'not measured: no Electron runtime or no display');
  const spans = [];
  const data = freshData();
  for (let round = 0; round < 6; round++) {
    const started = performance.now();
    const app = await _electron.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', project], env: { ...process.env, MILLRACE_DATA: data } });
    const page = await app.firstWindow();
    await page.locator('.react-flow__pane').waitFor();
    await page.locator('[data-node-type]').first().waitFor();
    if (round > 0) spans.push(performance.now() - started);
    await app.evaluate(({ app: electron }) => electron.exit(0)).catch(() => {});
    await app.close().catch(() => {});
  }
  say('desktop: launch to a canvas with its palette, driver included', `${median(spans).toFixed(0)} ms median of ${spans.length}`);
}

async function serve(file, use) {
  const server = spawn(nodeBinary(), [join(project, 'out', 'main', 'server.cjs'), '--open', join(folder, file)], {
    env: { ...process.env, MILLRACE_DATA: freshData() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise((resolve) => server.stdout.on('data', (text) => resolve(/(http:\S+)/.exec(String(text))?.[1])));
  try {
    await use(address);
  } finally {
    server.kill();
    await new Promise((resolve) => server.once('exit', resolve));
  }
}

async function open(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(address);
  await page.locator('.react-flow__node').first().waitFor();
  const trust = page.getByRole('button', { name: 'Trust this pipeline' });
  if (await trust.isVisible().catch(() => false)) await trust.click();
  await page.waitForTimeout(1500);
  return page;
}

async function framesWhile(page, act) {
  await page.evaluate(() => {
    window.benchFrames = 0;
    const count = () => {
      window.benchFrames++;
      window.benchRunning = requestAnimationFrame(count);
    };
    count();
  });
  const started = performance.now();
  await act();
  const seconds = (performance.now() - started) / 1000;
  return page.evaluate((span) => {
    cancelAnimationFrame(window.benchRunning);
    return window.benchFrames / span;
  }, seconds);
}

/** Two seconds of dragging the empty canvas about, as fast as the page takes it. */
async function pan(page) {
  const box = await page.locator('.react-flow__pane').boundingBox();
  const centre = { x: box.x + box.width / 2, y: box.y + 12 };
  await page.mouse.move(centre.x, centre.y);
  await page.mouse.down();
  const until = performance.now() + 2000;
  for (let step = 0; performance.now() < until; step++)
    await page.mouse.move(centre.x + Math.sin(step / 9) * 150, centre.y + Math.abs(Math.cos(step / 9)) * 60);
  await page.mouse.up();
}

function pipeline({ nodes, edges, layout }) {
  return JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'Bench', parameters: {}, nodes, edges, layout });
}

function typing() {
  return {
    nodes: {
      rows: { type: typeOf('source', 'CSV'), typeVersion: 1, params: { path: 'rows.csv' } },
      hot: { type: typeOf('transform', 'Filter'), typeVersion: 1, params: { mode: 'expression', where: 'row.temperature > 3' } },
    },
    edges: ['rows.rows -> hot.rows'],
    layout: { rows: { x: 0, y: 0 }, hot: { x: 300, y: 0 } },
  };
}

function chain(length) {
  const filter = typeOf('transform', 'Filter');
  const nodes = {};
  const layout = {};
  const edges = [];
  for (let i = 0; i < length; i++) {
    nodes[`n${i}`] =
      i === 0
        ? { type: typeOf('source', 'CSV'), typeVersion: 1, params: { path: 'rows.csv' } }
        : { type: filter, typeVersion: 1, params: { mode: 'expression', where: 'row.temperature > 1' } };
    layout[`n${i}`] = { x: (i % 20) * 300, y: Math.floor(i / 20) * 140 };
    if (i > 0) edges.push(`n${i - 1}.${i === 1 ? 'rows' : 'kept'} -> n${i}.rows`);
  }
  return { nodes, edges, layout };
}

/** The type of the first node of a kind whose title begins so: bench files name no node types of their own. */
function typeOf(kind, title) {
  typeOf.catalogue ??= JSON.parse(spawnSync(nodeBinary(), [join(project, 'out', 'main', 'cli.cjs'), 'nodes', '--json'], { encoding: 'utf8' }).stdout);
  return typeOf.catalogue.find((node) => node.kind === kind && node.title.startsWith(title)).type;
}
