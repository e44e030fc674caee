/** The editor's own origin, instead of file://, so that it has a policy and no access to the rest of the disk. */
export const editorAddress = 'app://millrace/index.html';

/**
 * The address of the page. `development` is the address from the environment: it is used only if the app is run from its sources, and only
 * for a server on this machine.
 */
export function choosePage({ isPackaged, development }: { readonly isPackaged: boolean; readonly development: string | undefined }): string {
  return !isPackaged && development && isLoopback(development) ? development : editorAddress;
}

/** Whether two addresses have one origin. Comparing prefixes is not enough: the host may continue. */
export function isSameOrigin(url: string, other: string): boolean {
  const origin = originOf(url);
  return origin !== null && origin === originOf(other);
}

/** `URL.origin` is "null" for every scheme that is not a browser's own, so two of them could not be distinguished. */
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
