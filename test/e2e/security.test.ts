/** What the page cannot do, whatever gets into it: in a browser and in a desktop window. */
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
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
