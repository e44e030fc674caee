import { join, normalize, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app, net, protocol, session, type WebContents } from 'electron';
import { contentSecurityPolicy } from '../engine/supervisor/content-security-policy.ts';

/** The editor's own origin, instead of file://, so that it has a policy and nothing else of the disk. */
export const editorAddress = 'app://millrace/index.html';

/** The address of the page: the development server's only where the app is run from its sources. */
export function pageAddress(): string {
  const development = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
  return development && isLoopback(development) ? development : editorAddress;
}

/** Whether an address is of the editor: by its origin, as a prefix may go on with another host. */
export function isEditor(url: string): boolean {
  return originOf(url) === originOf(pageAddress());
}

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
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl, isMainFrame }) =>
    answer(isMainFrame && isEditor(requestingUrl) && isClipboard(permission)),
  );
  session.defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin, { isMainFrame }) => isMainFrame && isEditor(origin) && isClipboard(permission),
  );
}

function isClipboard(permission: string): boolean {
  return permission === 'clipboard-sanitized-write' || permission === 'clipboard-read';
}

/** `URL.origin` is "null" for every scheme that is not a browser's own, and so no two of them could be told apart. */
function originOf(url: string): string | null {
  try {
    const { protocol: scheme, host } = new URL(url);
    return `${scheme}//${host}`;
  } catch {
    return null;
  }
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(originOf(url) ?? '');
}

/** No page but the editor, also by a redirect or in a frame; no frame in it, no second window, no webview. */
export function hardenContents(contents: WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (withoutFragment(url) !== withoutFragment(pageAddress())) event.preventDefault();
  });
  contents.on('will-redirect', (event, url) => {
    if (!isEditor(url)) event.preventDefault();
  });
  // Electron 26 and newer tell of frames; before, the page's policy alone keeps them out.
  (contents as NodeJS.EventEmitter).on('will-frame-navigate', (event: { readonly isMainFrame: boolean; preventDefault(): void }) => {
    if (!event.isMainFrame) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

function withoutFragment(url: string): string {
  return url.replace(/#.*/s, '').replace(/\/$/, '');
}
