/** What the page cannot do, whatever gets into it: in a browser and in a desktop window. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterEach, describe, expect, it } from 'vitest';
import { type Host, missing, openEditor, temporaryFolder } from './editor.ts';
import { startEmpty } from './pipelines.ts';

describe.each<Host>(['browser', 'desktop'])('the page in a %s', (host) => {
  const why = missing(host);
  it.skipIf(why !== null)(
    `has no eval, no Node and no network; in the desktop it opens no second window and stays where it is${why ? ` (${why})` : ''}`,
    async () => {
      const folder = temporaryFolder();
      const { page, errors } = await openEditor(host, { data: join(folder, 'data') });
      await startEmpty(page);
      expect(errors).toEqual([]);

      expect(await inPage(page, 'evaluate')).toEqual({ error: 'EvalError', violated: 'script-src' });
      expect(await inPage(page, 'compile')).toEqual({ error: 'EvalError', violated: 'script-src' });
      expect(await inPage(page, 'fetch')).toEqual({ error: 'TypeError', violated: 'connect-src' });
      expect(await inPage(page, 'script')).toEqual({ error: 'blocked', violated: 'script-src-elem' });
      expect(await page.evaluate(() => [typeof (globalThis as any).require, typeof (globalThis as any).process, typeof (globalThis as any).Buffer])).toEqual([
        'undefined',
        'undefined',
        'undefined',
      ]);

      const before = page.url();
      if (host === 'desktop') {
        expect(await page.evaluate(() => window.open('https://example.com/') === null)).toBe(true);
        await page.evaluate(() => {
          location.href = 'https://example.com/';
        });
        await page.waitForTimeout(300);
        expect(page.url()).toBe(before);
        expect(await page.evaluate(framed, 'https://example.com/')).toBe('blocked');
        expect(await page.evaluate(framed, 'app://millrace/index.html')).toBe('blocked');
        expect(page.frames()).toHaveLength(1);
        expect(await page.evaluate(allowed)).toEqual(['clipboard-read']);
        expect(await page.evaluate(() => Object.keys(window.desktop!).sort())).toEqual(
          [
            'answerClose',
            'connect',
            'onCloseRequested',
            'onCommand',
            'openDialog',
            'pathOf',
            'platform',
            'saveDialog',
            'setDocument',
            'setMenu',
            'showInFolder',
          ].sort(),
        );
        expect(before).toMatch(/^app:\/\/millrace\//);
      } else {
        expect(before).not.toContain('t=');
      }
    },
  );
});

/** A page without the editor's policy, as a development server may give: what is left is the window's own. */
describe.skipIf(missing('desktop'))('a desktop window', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  /** Its address, with a slash at the end. */
  async function listen(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('follows no redirect, and lets no frame in', async () => {
    const asked: string[] = [];
    const elsewhere = await listen((request, response) => {
      asked.push(request.url!);
      response.end('elsewhere');
    });
    let redirects = false;
    let loads = 0;
    const development = await listen((request, response) => {
      if (request.url !== '/') asked.push(request.url!);
      else loads++;
      if (redirects) response.writeHead(302, { Location: `${elsewhere}redirected` }).end();
      else response.setHeader('Content-Type', 'text/html').end('<title>ours</title>');
    });
    process.env['ELECTRON_RENDERER_URL'] = development;
    try {
      const { page } = await openEditor('desktop', { data: join(temporaryFolder(), 'data') });
      await expect.poll(() => page.title()).toBe('ours');
      for (const address of [`${elsewhere}framed`, `${development}framed`]) expect(await page.evaluate(frameText, address)).not.toBe('elsewhere');
      redirects = true;
      await page.evaluate(() => location.reload()).catch(() => {});
      await expect.poll(() => loads).toBe(2);
      // What follows a redirect follows it at once.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(page.url()).not.toContain(elsewhere);
      expect(asked.filter((path) => path !== '/favicon.ico')).toEqual([]);
    } finally {
      delete process.env['ELECTRON_RENDERER_URL'];
    }
  });
});

/** What a frame of an address shows, once it has come to rest. */
async function frameText(address: string): Promise<string | null> {
  const frame = document.createElement('iframe');
  frame.src = address;
  document.body.append(frame);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  try {
    return frame.contentDocument?.body.textContent ?? null;
  } catch {
    return 'elsewhere';
  } finally {
    frame.remove();
  }
}

/** Whether a frame of an address holds a page of its own. */
async function framed(address: string): Promise<string> {
  const frame = document.createElement('iframe');
  const violated = new Promise((resolve) => document.addEventListener('securitypolicyviolation', resolve, { once: true }));
  frame.src = address;
  document.body.append(frame);
  const first = await Promise.race([violated, new Promise((resolve) => setTimeout(resolve, 10_000, null))]);
  frame.remove();
  return first === null ? 'allowed' : 'blocked';
}

/** Of what a page may ask a machine for, what this one has. */
async function allowed(): Promise<string[]> {
  const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'clipboard-read', 'persistent-storage'];
  const states = await Promise.all(names.map((name) => navigator.permissions.query({ name: name as PermissionName }).catch(() => null)));
  return names.filter((_, i) => states[i]?.state === 'granted');
}

type Attempt = 'evaluate' | 'compile' | 'fetch' | 'script';

/** What becomes of an attempt, made in a task of the page's own: what a debugger evaluates is above any policy. */
async function inPage(page: Page, attempt: Attempt): Promise<{ error: string; violated: string }> {
  return page.evaluate(
    (chosen) =>
      new Promise((resolve) => {
        let violated = 'nothing';
        document.addEventListener('securitypolicyviolation', (event) => (violated = event.violatedDirective), { once: true });
        const attempts: Record<Attempt, () => unknown> = {
          // biome-ignore lint/security/noGlobalEval: that it fails is the point.
          evaluate: () => eval('1 + 1'),
          compile: () => new Function('return 1')(),
          fetch: () => fetch('https://example.com/'),
          script: () =>
            new Promise((_done, fail) => {
              const element = document.createElement('script');
              element.src = 'https://example.com/x.js';
              element.onerror = () => fail(Object.assign(new Error('not loaded'), { name: 'blocked' }));
              document.head.append(element);
            }),
        };
        setTimeout(async () => {
          const error = await Promise.resolve()
            .then(attempts[chosen])
            .then(
              () => 'allowed',
              (thrown: Error) => thrown.name,
            );
          setTimeout(() => resolve({ error, violated }), 50);
        });
      }),
    attempt,
  );
}
