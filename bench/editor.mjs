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
const sizes = [200, 300, 1000];
const openings = 3;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (what, figure) => process.stdout.write(`${what.padEnd(62)} ${figure}\n`);

needNode();
ensureBuilt();
writeFileSync(
  join(folder, 'rows.csv'),
  `time,sensor,temperature\n${Array.from({ length: 1000 }, (_, i) => `2026-01-01T00:00:${String(i % 60).padStart(2, '0')}Z,s${i % 9},${i % 50}`).join('\n')}\n`,
);
writeFileSync(join(folder, 'type.millrace.json'), pipeline(typing()));
for (const count of sizes) writeFileSync(join(folder, `${count}.millrace.json`), pipeline(chains(count)));

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
    for (const count of sizes) await measureSize(browser, count);
  } finally {
    await browser.close();
  }
}

/** A pipeline of so many nodes, opened, typed in and moved about: wall time, and the CPU time of the page's main thread. */
async function measureSize(browser, count) {
  const opened = [];
  for (let round = 0; round < openings; round++) {
    await serve(`${count}.millrace.json`, async (address) => {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      const cpu = await cpuClock(page);
      const started = performance.now();
      await page.goto(address);
      await page.locator('.react-flow__node').first().waitFor();
      await nextPaint(page);
      const wall = performance.now() - started;
      const drawn = await cpu();
      await calm(page, cpu);
      opened.push({ wall, drawn, quiet: await cpu() });
      if (round === openings - 1) await measureUse(page, cpu, count);
      await page.close();
    });
  }
  const of = (key) => median(opened.map((each) => each[key])).toFixed(0);
  say(
    `${count} nodes: opening`,
    `${of('wall')} ms wall, ${of('drawn')} ms CPU until cards are painted, ${of('quiet')} until all is quiet (median of ${openings})`,
  );
}

async function measureUse(page, cpu, count) {
  await page.getByRole('button', { name: 'Trust this pipeline' }).click();
  await page.locator('.react-flow__node[data-id="n1"]').click();
  await page.locator('[data-field="where"] [role="textbox"]').click();
  await page.locator('[data-field="where"] .monaco-editor').waitFor();
  await page.keyboard.press('End');
  await calm(page, cpu);
  await page.evaluate(() => {
    window.benchKeys = [];
    const painted = (started) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.benchKeys.push(performance.now() - started);
      requestAnimationFrame(() => port2.postMessage(null));
    };
    addEventListener('keydown', () => painted(performance.now()), true);
  });
  const keys = 20;
  const before = await cpu();
  for (let key = 0; key < keys; key++) {
    await page.keyboard.press(key % 2 ? 'Backspace' : '0');
    await page.waitForTimeout(300);
  }
  await calm(page, cpu);
  const perKey = ((await cpu()) - before) / keys;
  const spans = await page.evaluate(() => window.benchKeys);
  say(
    `${count} nodes: a key in an expression`,
    `${median(spans).toFixed(0)} ms to its letter (${Math.min(...spans).toFixed(0)} at least), ${perKey.toFixed(0)} ms CPU with check, preview and grid (${keys} keys)`,
  );

  const panned = async (name) => {
    const from = await cpu();
    const frames = await framesWhile(page, () => pan(page));
    say(`${count} nodes: panning, ${name}`, `${frames.toFixed(0)} frames/s, ${(((await cpu()) - from) / 20).toFixed(0)} % of a core`);
  };
  await panned('at the zoom they open with');
  await page.locator('.react-flow').focus();
  await page.keyboard.press('f');
  await calm(page, cpu);
  await panned('all in view');
}

/** Milliseconds of CPU that the page's main thread has used: what others do on the machine does not count. */
async function cpuClock(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => 1000 * (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
}

/** Waits until the page has been doing next to nothing for a second. */
async function calm(page, cpu) {
  for (let quiet = 0; quiet < 4; ) {
    const before = await cpu();
    await page.waitForTimeout(250);
    quiet = (await cpu()) - before < 20 ? quiet + 1 : 0;
  }
}

function nextPaint(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
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
    await page.locator('.start-page button:enabled').first().waitFor();
    if (round > 0) spans.push(performance.now() - started);
    await app.evaluate(({ app: electron }) => electron.exit(0)).catch(() => {});
    await app.close().catch(() => {});
  }
  say('desktop: launch to a start page that answers, driver included', `${median(spans).toFixed(0)} ms median of ${spans.length}`);
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

/** Chains of twenty nodes: a file, and filters behind it. */
function chains(count) {
  const filter = typeOf('transform', 'Filter');
  const nodes = {};
  const layout = {};
  const edges = [];
  for (let i = 0; i < count; i++) {
    const [row, column] = [Math.floor(i / 20), i % 20];
    nodes[`n${i}`] =
      column === 0
        ? { type: typeOf('source', 'CSV'), typeVersion: 1, params: { path: 'rows.csv' } }
        : { type: filter, typeVersion: 1, params: { mode: 'expression', where: 'row.temperature > 1' } };
    layout[`n${i}`] = { x: column * 300, y: row * 140 };
    if (column > 0) edges.push(`n${i - 1}.${column === 1 ? 'rows' : 'kept'} -> n${i}.rows`);
  }
  return { nodes, edges, layout };
}

/** The type of the first node of a kind whose title begins so: bench files name no node types of their own. */
function typeOf(kind, title) {
  typeOf.catalogue ??= JSON.parse(spawnSync(nodeBinary(), [join(project, 'out', 'main', 'cli.cjs'), 'nodes', '--json'], { encoding: 'utf8' }).stdout);
  return typeOf.catalogue.find((node) => node.kind === kind && node.title.startsWith(title)).type;
}
