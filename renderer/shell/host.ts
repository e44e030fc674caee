/** Whether the editor is in a desktop window, with native menus and dialogs. */
export const isDesktop = typeof window !== 'undefined' && window.desktop !== undefined;
