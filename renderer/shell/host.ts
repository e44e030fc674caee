/** Whether a desktop window is around the editor, with menus and dialogs of its own. */
export const isDesktop = typeof window !== 'undefined' && window.desktop !== undefined;
