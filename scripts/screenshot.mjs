// `npm run screenshot`: takes the README's picture from the editor as it is: an example, run, with the rows of one of its nodes.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { ensureBuilt, needNode, nodeBinary, project } from '../bin/build.mjs';
import { provideBrowser } from '../test/provide.mjs';

needNode();
ensureBuilt();
const data = mkdtempSync(join(tmpdir(), 'millrace-screenshot-'));
const server = spawn(nodeBinary(), [join(project, 'out', 'main', 'server.cjs')], {
  env: { ...process.env, MILLRACE_DATA: data },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const address = await new Promise((resolve) => server.stdout.on('data', (text) => resolve(/(http:\S+)/.exec(String(text))?.[1])));
const browser = await chromium.launch({ executablePath: provideBrowser(), args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1.5 });
await page.goto(address);
await page.getByText('Seattle or New York?').first().click();
await page.locator('.react-flow__node').first().waitFor();
await page.waitForTimeout(1500);
await page.keyboard.press('F5');
await page.getByText('Done').first().waitFor();
await page.getByText('What was remarkable?').first().click();
await page.getByRole('tab', { name: 'Data' }).click();
await page.mouse.move(700, 500);
await page.locator('.monaco-editor').first().waitFor();
await page.waitForTimeout(2500);
await page.screenshot({ path: join(project, 'docs', 'screenshot.png') });
await browser.close();
server.kill();
await new Promise((resolve) => server.once('exit', resolve));
rmSync(data, { recursive: true, force: true });
