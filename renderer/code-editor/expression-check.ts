import type * as Editor from 'monaco-editor/editor';
import type { editor, IDisposable } from 'monaco-editor/editor';
import { isAboutNull } from '../../model/code/typescript.ts';
import { expressionModule, expressionOffsetLines } from './row-types.ts';

const owner = 'millrace-expression';

/**
 * Checks an expression as what it is. The edited model contains the bare expression, which TypeScript takes for a statement: it completes
 * `row.` but neither refuses `const a = 1` nor knows the expected type. So a second model, in no editor, contains the expression wrapped
 * (see `expressionModule`), and its errors are marked here.
 */
export function checkExpression(monaco: typeof Editor, model: editor.ITextModel, returns: string | undefined): IDisposable {
  const uri = model.uri.with({ path: model.uri.path.replace(/\.ts$/, '-check.ts') });
  const shadow = monaco.editor.createModel(expressionModule(model.getValue(), returns), 'typescript', uri);
  const typed = model.onDidChangeContent(() => shadow.setValue(expressionModule(model.getValue(), returns)));

  const copy = () => {
    if (model.isDisposed()) return;
    const found = monaco.editor.getModelMarkers({ owner: 'typescript', resource: model.uri });
    const own = found.filter((marker) => !marksNull(marker));
    if (own.length < found.length) monaco.editor.setModelMarkers(model, 'typescript', own);
    const known = new Set(own.map((marker) => `${marker.startLineNumber}:${marker.startColumn}`));
    const lines = model.getLineCount();
    const markers = monaco.editor
      .getModelMarkers({ owner: 'typescript', resource: uri })
      .filter((marker) => !marksNull(marker))
      .map((marker) => ({
        ...marker,
        startLineNumber: Math.min(lines, Math.max(1, marker.startLineNumber - expressionOffsetLines)),
        endLineNumber: Math.min(lines, Math.max(1, marker.endLineNumber - expressionOffsetLines)),
        // A wrong type of the value is reported at the wrapper's own name: it concerns the whole expression.
        ...(marker.startLineNumber <= expressionOffsetLines
          ? { startColumn: 1, endColumn: model.getLineMaxColumn(lines), endLineNumber: lines }
          : marker.startLineNumber > lines + expressionOffsetLines
            ? { startColumn: Math.max(1, model.getLineMaxColumn(lines) - 1), endColumn: model.getLineMaxColumn(lines) }
            : {}),
      }))
      .filter((marker) => !known.has(`${marker.startLineNumber}:${marker.startColumn}`));
    const next = model.getValue().trim() === '' ? [] : markers;
    const before = monaco.editor.getModelMarkers({ owner, resource: model.uri });
    if (describe(before) !== describe(next)) monaco.editor.setModelMarkers(model, owner, next);
  };
  const changed = monaco.editor.onDidChangeMarkers((resources) => {
    const own = [uri.toString(), model.uri.toString()];
    // Markers that are set while Monaco notifies others are not reported.
    if (resources.some((resource) => own.includes(resource.toString()))) setTimeout(copy);
  });
  return {
    dispose() {
      changed.dispose();
      typed.dispose();
      shadow.dispose();
    },
  };
}

/** Null gives null in expressions: the check of the pipeline reports where null may occur, in its own words. */
function marksNull({ code, message }: editor.IMarkerData): boolean {
  return isAboutNull(Number(typeof code === 'object' ? code.value : code), message);
}

function describe(markers: readonly editor.IMarkerData[]): string {
  return markers.map((marker) => `${marker.startLineNumber}:${marker.startColumn}-${marker.endLineNumber}:${marker.endColumn} ${marker.message}`).join('\n');
}
