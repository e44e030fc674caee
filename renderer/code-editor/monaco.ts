/** Monaco, set up once. Reached only by dynamic import (load.ts), so that the editor starts without it. */
import * as monaco from 'monaco-editor/editor';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import 'monaco-editor/features/register.all';
import 'monaco-editor/languages/definitions/sql/register';
import 'monaco-editor/languages/definitions/typescript/register';
import * as ts from 'monaco-editor/languages/features/typescript/register';
import TypeScriptWorker from 'monaco-editor/languages/features/typescript/ts.worker?worker';
import { snippetLibrary } from '../../model/code/typescript.ts';
import { defineThemes } from './themes.ts';

self.MonacoEnvironment = {
  getWorker: (_id, label) => (label === 'typescript' ? new TypeScriptWorker() : new EditorWorker()),
};

ts.typescriptDefaults.setCompilerOptions({
  target: ts.ScriptTarget.ES2020,
  module: ts.ModuleKind.ESNext,
  // No DOM: the sandbox has none.
  lib: ['es2022'],
  // As the engine checks it (engine/preview/typecheck.ts): without it, a value that begins as null or empty would keep that type.
  strict: true,
  allowNonTsExtensions: true,
  noEmit: true,
});
ts.typescriptDefaults.setDiagnosticsOptions({ noSuggestionDiagnostics: true });
ts.typescriptDefaults.setEagerModelSync(true);
defineThemes(monaco);

let rowTypes = '';

/**
 * The meaning of `Row` in all TypeScript models: there is one at a time, that of the node whose code is shown. With `row`, the text also
 * declares the variable for expressions.
 */
export function setRowTypes(declaration: string): void {
  if (declaration === rowTypes) return;
  rowTypes = declaration;
  ts.typescriptDefaults.setExtraLibs([
    { content: snippetLibrary, filePath: 'file:///millrace.d.ts' },
    { content: declaration, filePath: 'file:///row.d.ts' },
  ]);
}

// Suggestions and hovers of small editors must be able to extend beyond their panel.
const overflow = document.createElement('div');
overflow.className = 'monaco-editor millrace-overflow';
document.body.append(overflow);

export { monaco, overflow };
