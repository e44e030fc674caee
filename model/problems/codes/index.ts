/** All codes of Millrace, each declared once. An undeclared code does not compile; docs/errors.md is generated from this table. */
import type { CodeEntry, CodeTable } from './behaviour.ts';
import { codeCodes } from './code-codes.ts';
import { connectionCodes } from './connection-codes.ts';
import { connectorCodes } from './connector-codes.ts';
import { editorCodes } from './editor-codes.ts';
import { fileCodes } from './file-codes.ts';
import { formatCodes } from './format-codes.ts';
import { pipelineCodes } from './pipeline-codes.ts';
import { runCodes } from './run-codes.ts';
import { transformCodes } from './transform-codes.ts';

export const codes = {
  ...pipelineCodes,
  ...codeCodes,
  ...fileCodes,
  ...formatCodes,
  ...connectionCodes,
  ...connectorCodes,
  ...transformCodes,
  ...runCodes,
  ...editorCodes,
};

/** In the order of the documentation. */
export const codeGroups: readonly { readonly title: string; readonly codes: CodeTable }[] = [
  { title: 'Pipelines', codes: pipelineCodes },
  { title: 'Code', codes: codeCodes },
  { title: 'Files, standard streams, the system', codes: fileCodes },
  { title: 'Formats', codes: formatCodes },
  { title: 'Connections and secrets', codes: connectionCodes },
  { title: 'Databases and servers', codes: connectorCodes },
  { title: 'Transforms', codes: transformCodes },
  { title: 'Runs', codes: runCodes },
  { title: 'Editor and command line', codes: editorCodes },
];

declare const isDeclared: unique symbol;
/** A code of a node that is not part of Millrace: only `nodeCodes` in the kit gives them. */
export type NodeCode = `${string}/${string}` & { readonly [isDeclared]: true };

export type ProblemCode = keyof typeof codes | NodeCode;

/** Null for a code that this version does not know: of a third-party node, or in a file that another version wrote. */
export function entryOf(code: string): CodeEntry | null {
  return Object.hasOwn(codes, code) ? codes[code as keyof typeof codes] : null;
}
