/** The editor's own origin, instead of file://, so that it has a policy and nothing else of the disk. */
export const editorAddress = 'app://millrace/index.html';

/**
 * The address of the page. `development` is what the environment asks for: it counts only where the app is run from its sources, and
 * only for a server of this machine.
 */
export function choosePage({ isPackaged, development }: { readonly isPackaged: boolean; readonly development: string | undefined }): string {
  return !isPackaged && development && isLoopback(development) ? development : editorAddress;
}

/** Whether two addresses are of one origin. A prefix may go on with another host. */
export function isSameOrigin(url: string, other: string): boolean {
  const origin = originOf(url);
  return origin !== null && origin === originOf(other);
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
