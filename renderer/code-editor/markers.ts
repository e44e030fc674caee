import type * as Editor from 'monaco-editor/editor';
import type { editor, IDisposable } from 'monaco-editor/editor';
import type { Problem } from '../../engine/protocol/messages.ts';
import { itemAt } from '../../model/faults/missing.ts';
import { offerFixes } from './quick-fixes.ts';

const owner = 'millrace';

/** Shows the engine's problems of a field in its text with their fixes, and keeps them apart from TypeScript's own. */
export function watchProblems(monaco: typeof Editor, model: editor.ITextModel, problems: readonly Problem[]): IDisposable {
  const own = model.uri.toString();
  offerFixes(monaco, model, problems);
  markProblems(monaco, model, problems);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const subscription = monaco.editor.onDidChangeMarkers((resources) => {
    if (!resources.some((uri) => uri.toString() === own)) return;
    clearTimeout(timer);
    // Markers that are set while Monaco notifies others are not reported.
    timer = setTimeout(() => !model.isDisposed() && markProblems(monaco, model, problems));
  });
  return {
    dispose() {
      clearTimeout(timer);
      subscription.dispose();
    },
  };
}

/** A problem without a place is not a marker: the form shows it. */
function markProblems(monaco: typeof Editor, model: editor.ITextModel, problems: readonly Problem[]): void {
  const found = monaco.editor.getModelMarkers({ resource: model.uri }).filter((marker) => marker.owner !== owner);
  const known = new Set(found.map((marker) => marker.startLineNumber));
  const severities = { error: monaco.MarkerSeverity.Error, warning: monaco.MarkerSeverity.Warning, info: monaco.MarkerSeverity.Info };
  const markers = problems.flatMap((problem): editor.IMarkerData[] => {
    const { range } = problem;
    // What TypeScript has found in the editor itself need not be shown twice.
    if (!range || (isStatic(problem) && known.has(range.line))) return [];
    return [
      {
        severity: severities[problem.severity],
        message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message,
        source: 'Millrace',
        code: problem.code,
        startLineNumber: range.line,
        startColumn: range.column,
        endLineNumber: range.endLine ?? range.line,
        endColumn: range.endColumn ?? range.column + 1,
      },
    ];
  });
  const before = monaco.editor.getModelMarkers({ owner, resource: model.uri });
  const same = before.length === markers.length && markers.every((marker, index) => sameMarker(marker, itemAt(before, index)));
  // Setting markers is itself a change of markers.
  if (!same) monaco.editor.setModelMarkers(model, owner, markers);
}

/** Found by analysing the code, as opposed to running it on a row. */
function isStatic(problem: Problem): boolean {
  return problem.row === undefined && problem.position === undefined;
}

function sameMarker(left: editor.IMarkerData, right: editor.IMarkerData): boolean {
  return (
    left.message === right.message &&
    left.severity === right.severity &&
    left.startLineNumber === right.startLineNumber &&
    left.startColumn === right.startColumn &&
    left.endLineNumber === right.endLineNumber &&
    left.endColumn === right.endColumn
  );
}
