import type * as Editor from 'monaco-editor/editor';

/** Themes whose surfaces are those of theme/tokens.css. */
export const themeNames = { light: 'millrace-light', dark: 'millrace-dark' } as const;

export function defineThemes(monaco: typeof Editor): void {
  monaco.editor.defineTheme(themeNames.light, {
    base: 'vs',
    inherit: true,
    rules: [
      { token: 'comment', foreground: '6a737d' },
      { token: 'keyword', foreground: '8431c5' },
      { token: 'string', foreground: '0a6e45' },
      { token: 'number', foreground: '9a5200' },
      { token: 'type', foreground: '1c5fb8' },
    ],
    colors: {
      'editor.background': '#ffffff',
      'editor.foreground': '#1c2128',
      'editorLineNumber.foreground': '#656e7b',
      'editorLineNumber.dimmedForeground': '#656e7b',
      'editorLineNumber.activeForeground': '#505966',
      'editor.lineHighlightBackground': '#f5f7fa',
      'editor.lineHighlightBorder': '#00000000',
      'editorWidget.background': '#ffffff',
      'editorWidget.border': '#c7ccd5',
      'editorSuggestWidget.selectedBackground': '#dfe9fb',
      'editorSuggestWidget.selectedForeground': '#1c2128',
      'editorSuggestWidget.highlightForeground': '#2460c8',
      'editorSuggestWidget.focusHighlightForeground': '#2460c8',
      focusBorder: '#00000000',
    },
  });
  monaco.editor.defineTheme(themeNames.dark, {
    base: 'vs-dark',
    inherit: true,
    rules: [
      { token: 'comment', foreground: '8b949e' },
      { token: 'keyword', foreground: 'c79bf2' },
      { token: 'string', foreground: '8fd6a8' },
      { token: 'number', foreground: 'e8b26b' },
      { token: 'type', foreground: '8ab4ff' },
    ],
    colors: {
      'editor.background': '#1c1f25',
      'editor.foreground': '#e3e6eb',
      'editorLineNumber.foreground': '#8d95a2',
      'editorLineNumber.dimmedForeground': '#8d95a2',
      'editorLineNumber.activeForeground': '#a9b0bb',
      'editor.lineHighlightBackground': '#22262d',
      'editor.lineHighlightBorder': '#00000000',
      'editorWidget.background': '#24282f',
      'editorWidget.border': '#414752',
      'editorSuggestWidget.selectedBackground': '#24344f',
      'editorSuggestWidget.selectedForeground': '#e3e6eb',
      'editorSuggestWidget.highlightForeground': '#7aabff',
      'editorSuggestWidget.focusHighlightForeground': '#7aabff',
      focusBorder: '#00000000',
    },
  });
}
