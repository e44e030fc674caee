import type * as Editor from 'monaco-editor/editor';
import type { editor } from 'monaco-editor/editor';
import type { Problem } from '../../engine/protocol/messages.ts';

const shown = new WeakMap<editor.ITextModel, readonly Problem[]>();
let isRegistered = false;

/** Offers the fixes of these problems at their places in the text, by the light bulb and Ctrl+. */
export function offerFixes(monaco: typeof Editor, model: editor.ITextModel, problems: readonly Problem[]): void {
  shown.set(model, problems);
  if (isRegistered) return;
  isRegistered = true;
  monaco.languages.registerCodeActionProvider('typescript', {
    provideCodeActions: (asked, range) => ({
      actions: (shown.get(asked) ?? []).flatMap((problem) => actionOf(monaco, asked, problem, range)),
      dispose: () => {},
    }),
  });
}

function actionOf(monaco: typeof Editor, model: editor.ITextModel, { fix, range, code }: Problem, asked: Editor.Range): Editor.languages.CodeAction[] {
  if (!fix || !('before' in fix) || !range) return [];
  const { line, column, endLine = line, endColumn = column + 1 } = range;
  if (!monaco.Range.areIntersectingOrTouching(asked, new monaco.Range(line, column, endLine, endColumn))) return [];
  const { at, before, text, title } = fix;
  const place = monaco.Range.fromPositions(model.getPositionAt(at), model.getPositionAt(at + before.length));
  const value = model.getValue();
  if (!value.startsWith(before, at) || value.startsWith(text, at)) return [];
  const diagnostics = monaco.editor.getModelMarkers({ resource: model.uri }).filter((marker) => marker.code === code && marker.startLineNumber === line);
  const edit = { edits: [{ resource: model.uri, versionId: model.getVersionId(), textEdit: { range: place, text } }] };
  return [{ title, kind: 'quickfix', diagnostics, edit, isPreferred: true }];
}
