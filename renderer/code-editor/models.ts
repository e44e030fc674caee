import type { editor, IDisposable } from 'monaco-editor/editor';
import type { CodeKind } from './code-fields.ts';
import { checkExpression } from './expression-check.ts';
import type { Monaco } from './load.ts';

interface Entry {
  readonly model: editor.ITextModel;
  readonly check: IDisposable | null;
  users: number;
}
const entries = new Map<string, Entry>();
let session = 0;

/**
 * The text model of one field of one node. Editors of the same field share it, so that inspector and code panel show the same keystrokes;
 * it is disposed when the last of them has released it.
 */
export function acquireModel({ monaco }: Monaco, key: string, kind: CodeKind, text: string, returns?: string): editor.ITextModel {
  const known = entries.get(key);
  if (known) {
    known.users++;
    return known.model;
  }
  const language = kind === 'sql' ? 'sql' : 'typescript';
  const uri = monaco.Uri.parse(`file:///field-${++session}.${kind === 'sql' ? 'sql' : 'ts'}`);
  const model = monaco.editor.createModel(text, language, uri);
  model.setEOL(monaco.editor.EndOfLineSequence.LF);
  model.updateOptions({ tabSize: 2, insertSpaces: true, bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false } });
  const check = kind === 'expression' ? checkExpression(monaco, model, returns) : null;
  entries.set(key, { model, check, users: 1 });
  return model;
}

export function releaseModel(key: string): void {
  const entry = entries.get(key);
  if (!entry || --entry.users > 0) return;
  entries.delete(key);
  entry.check?.dispose();
  entry.model.dispose();
}

/** Applies a text that changed elsewhere (undo, another window of the same field) to the model, as one step of Monaco's own undo. */
export function replaceText(model: editor.ITextModel, text: string): void {
  if (model.getValue() === text) return;
  model.pushEditOperations(null, [{ range: model.getFullModelRange(), text }], () => null);
}
