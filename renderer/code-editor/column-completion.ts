import type * as Editor from 'monaco-editor/editor';

let columns: readonly { readonly name: string; readonly type: string }[] = [];
let registered = false;

/**
 * Completion for columns that TypeScript cannot offer after a dot (`Wind Speed`): choosing one writes `row["Wind Speed"]`.
 * Called with the columns of the row whose code is shown.
 */
export function completeColumns(monaco: typeof Editor, now: typeof columns): void {
  columns = now.filter((column) => !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(column.name));
  if (registered) return;
  registered = true;
  monaco.languages.registerCompletionItemProvider('typescript', {
    triggerCharacters: ['.'],
    provideCompletionItems(model, position) {
      const before = model.getLineContent(position.lineNumber).slice(0, position.column - 1);
      const typed = /\brow\s*(\??\.)([\w$]*)$/.exec(before);
      if (!typed) return { suggestions: [] };
      const [dot = 0, word = 0] = typed.slice(1).map((part) => part.length);
      const line = position.lineNumber;
      const wordStart = position.column - word;
      return {
        suggestions: columns.map((column) => ({
          label: column.name,
          kind: monaco.languages.CompletionItemKind.Field,
          detail: column.type,
          insertText: `${dot === 2 ? '?.' : ''}[${JSON.stringify(column.name)}]`,
          filterText: column.name,
          range: { startLineNumber: line, endLineNumber: line, startColumn: wordStart, endColumn: position.column },
          additionalTextEdits: [{ range: { startLineNumber: line, endLineNumber: line, startColumn: wordStart - dot, endColumn: wordStart }, text: '' }],
        })),
      };
    },
  });
}
