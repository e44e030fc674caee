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
  /** The native menu bar: the editor's own commands. Called again when what is enabled changes. */
  setMenu(menus: readonly DesktopMenu[]): void;
  /** A native menu entry was chosen, with the pointer or by its shortcut (`byKey`). Returns the function that stops listening. */
  onCommand(listener: (command: string, byKey: boolean) => void): () => void;
  /** The window wants to close with unsaved changes; answer with `answerClose`. */
  onCloseRequested(listener: () => void): () => void;
  answerClose(close: boolean): void;
  showInFolder(path: string): void;
  /** The path of a `File` of the page that was dropped onto the window; empty for one without a path, such as a picture from a page. */
  pathOf(file: object): string;
  readonly platform: string;
}

export interface DesktopMenu {
  readonly label: string;
  /** In order; null is a divider between groups. */
  readonly entries: readonly (DesktopMenuEntry | null)[];
}
export interface DesktopMenuEntry {
  readonly label: string;
  readonly command: string;
  /** `Mod+Shift+S`: Mod is Ctrl, on a Mac Cmd. */
  readonly shortcut?: string;
  readonly enabled: boolean;
  readonly checked?: boolean;
}

declare global {
  interface Window {
    readonly desktop?: DesktopApi;
  }
}
