import { join, normalize, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app, net, protocol, session, type WebContents } from 'electron';
import { contentSecurityPolicy } from '../engine/supervisor/content-security-policy.ts';
import { choosePage, isSameOrigin } from './page-address.ts';

/** The address of the page of this app's windows. */
export function pageAddress(): string {
  return choosePage({ isPackaged: app.isPackaged, development: process.env['ELECTRON_RENDERER_URL'] });
}

export function isEditor(url: string): boolean {
  return isSameOrigin(url, pageAddress());
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
  // The clipboard is the only part of the machine that the editor page itself may use.
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

/** No page but the editor, also by a redirect or in a frame; no frame in it, no second window, no webview. */
export function hardenContents(contents: WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (withoutFragment(url) !== withoutFragment(pageAddress())) event.preventDefault();
  });
  contents.on('will-redirect', (event, url) => {
    if (!isEditor(url)) event.preventDefault();
  });
  // Electron 26 and newer report frames; in older ones, the page's policy alone keeps them out.
  (contents as NodeJS.EventEmitter).on('will-frame-navigate', (event: { readonly isMainFrame: boolean; preventDefault(): void }) => {
    if (!event.isMainFrame) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

function withoutFragment(url: string): string {
  return url.replace(/#.*/s, '').replace(/\/$/, '');
}
