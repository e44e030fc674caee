/**
 * What the Electron preload puts on `window.desktop`. Absent in a browser: the editor then uses its own dialogs.
 * A handful of typed functions, nothing generic.
 */
export interface DesktopApi {
  /** Asks for a MessagePort to a workbench; it arrives as a window message `{ millrace: 'port' }` with one port. */
  connect(): void;
  openDialog(options: { readonly title: string; readonly extensions: readonly string[]; readonly folder?: string }): Promise<string | null>;
  saveDialog(options: { readonly title: string; readonly extensions: readonly string[]; readonly suggestion: string }): Promise<string | null>;
  /** Title bar, and whether closing must ask first. */
  setDocument(options: { readonly title: string; readonly path: string | null; readonly edited: boolean }): void;
  /** A native menu entry was chosen, by the name of an editor command. Returns the function that stops listening. */
  onCommand(listener: (command: string) => void): () => void;
  /** The window wants to close with unsaved changes; answer with `answerClose`. */
  onCloseRequested(listener: () => void): () => void;
  answerClose(close: boolean): void;
  showInFolder(path: string): void;
  readonly platform: string;
}

declare global {
  interface Window {
    readonly desktop?: DesktopApi;
  }
}
