import { join, normalize, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { net, protocol, session, type WebContents } from 'electron';
import { contentSecurityPolicy } from '../engine/supervisor/content-security-policy.ts';

/** The editor's own origin, instead of file://, so that it has a policy and nothing else of the disk. */
export const editorAddress = 'app://millrace/index.html';

/** Before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

export function serveEditor(root: string): void {
  protocol.handle('app', async (request) => {
    const { host, pathname } = new URL(request.url);
    const file = join(root, normalize(decodeURIComponent(pathname)));
    if (host !== 'millrace' || !file.startsWith(root + sep)) return new Response('Not found', { status: 404 });
    const found = await net.fetch(pathToFileURL(file).toString()).catch(() => null);
    if (!found?.ok) return new Response('Not found', { status: 404 });
    const headers = new Headers(found.headers);
    headers.set('Content-Security-Policy', contentSecurityPolicy);
    headers.set('X-Content-Type-Options', 'nosniff');
    return new Response(found.body, { status: 200, headers });
  });
  // The clipboard is the one thing of the machine that the editor page itself may use.
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(permission === 'clipboard-sanitized-write' || (permission as string) === 'clipboard-read'),
  );
  session.defaultSession.setPermissionCheckHandler(
    (_contents, permission) => permission === 'clipboard-sanitized-write' || (permission as string) === 'clipboard-read',
  );
}

/** No page but the editor, no second window, no webview. */
export function hardenContents(contents: WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (url !== editorAddress && url !== process.env['ELECTRON_RENDERER_URL']) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
