import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as TypeScript from 'typescript';
import { isAboutNull, keyedDeclarations, rowDeclaration, snippetLibrary } from '../../model/code/typescript.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { Schema } from '../../model/values/types.ts';
import { decimalComparisons } from './decimal-comparisons.ts';

/** A param of a node that holds TypeScript, with the rows that it sees. Plain data. */
export interface TypedCode {
  readonly node: string;
  /** The param's path: `columns.2.expression`. */
  readonly field: string;
  readonly kind: 'expression' | 'module' | 'keyed';
  readonly source: string;
  readonly input: Schema;
  /** The key columns of a keyed module. */
  readonly keys?: readonly string[];
}

interface File {
  readonly text: string;
  readonly version: string;
  readonly code: TypedCode;
  /** Lines that stand before the user's own. */
  readonly linesBefore: number;
}

/**
 * Checks the types of users' code with the TypeScript compiler, all pieces of a pipeline together. Loading takes about half
 * a second, each later check milliseconds: keep one. Null is checked strictly in code with statements; of expressions the
 * check of the pipeline tells where they may meet one.
 */
export class TypeChecker {
  readonly #ts: typeof TypeScript;
  readonly #service: TypeScript.LanguageService;
  #files = new Map<string, File>();
  #version = 0;

  private constructor(ts: typeof TypeScript) {
    this.#ts = ts;
    this.#service = ts.createLanguageService(this.#host(readLibraries(ts)));
  }

  static async load(): Promise<TypeChecker> {
    const module = await import('typescript');
    return new TypeChecker(((module as { default?: unknown }).default ?? module) as typeof TypeScript);
  }

  /** What is wrong with the types, with ranges in the user's own text. Code that cannot be parsed is passed over: the check of the pipeline tells that. `onPiece` hears of each piece before it is looked at. */
  check(code: readonly TypedCode[], onPiece: (piece: TypedCode) => void = () => {}): Problem[] {
    const before = this.#files;
    this.#files = new Map(
      code.map((piece, index) => {
        const name = `${codeFolder}/${index}_${encodeURIComponent(piece.node)}.ts`;
        const { text, linesBefore } = fileOf(piece);
        const old = before.get(name);
        const version = old?.text === text ? old.version : String(++this.#version);
        return [name, { text, version, code: piece, linesBefore }];
      }),
    );
    return [...this.#files].flatMap(([name, file]) => {
      onPiece(file.code);
      return this.#problems(name, file);
    });
  }

  #problems(name: string, file: File): Problem[] {
    if (this.#service.getSyntacticDiagnostics(name).length > 0) return [];
    const diagnostics = this.#service.getSemanticDiagnostics(name);
    return [...diagnostics, ...this.#decimalComparisons(name, file, diagnostics)].flatMap((diagnostic) => {
      const range = this.#range(diagnostic, file);
      const message = this.#ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
      if (!range || (file.code.kind === 'expression' && isAboutNull(diagnostic.code, message))) return [];
      return {
        code: 'code/type',
        severity: 'error' as const,
        message: sentence(message),
        hint: hintOf(diagnostic.code, message, file.code.input),
        node: file.code.node,
        field: file.code.field,
        range,
      };
    });
  }

  /** As diagnostics, where TypeScript has not told of the same place. */
  #decimalComparisons(name: string, file: File, told: readonly TypeScript.Diagnostic[]): TypeScript.Diagnostic[] {
    const program = this.#service.getProgram();
    const source = program?.getSourceFile(name);
    if (!program || !source || !/\b[dD]ecimal\b/.test(file.text)) return [];
    return decimalComparisons(this.#ts, program, source).flatMap((node) => {
      const start = node.getStart(source);
      if (told.some((each) => each.start === start)) return [];
      const operator = node.operatorToken.getText(source);
      const messageText = `The operator "${operator}" does not compare decimals: use decimal.compare or decimal.equals`;
      return { category: this.#ts.DiagnosticCategory.Error, code: 0, file: source, start, length: node.getEnd() - start, messageText };
    });
  }

  #range(diagnostic: TypeScript.Diagnostic, file: File): Problem['range'] | null {
    if (!diagnostic.file || diagnostic.start === undefined) return null;
    const start = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    const end = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start + (diagnostic.length ?? 0));
    const line = start.line - file.linesBefore + 1;
    // Below the user's text stand our own declarations, which are never at fault.
    if (line < 1 || line > file.code.source.split('\n').length) return null;
    return { line, column: start.character + 1, endLine: end.line - file.linesBefore + 1, endColumn: end.character + 1 };
  }

  /**
   * A closed world: the snippets, our own declarations and TypeScript's library. Whatever a snippet refers to besides
   * (by path, as a module, a package of types or another library) does not exist: the disk is never asked.
   */
  #host(libraries: ReadonlyMap<string, string>): TypeScript.LanguageServiceHost {
    const ts = this.#ts;
    const options: TypeScript.CompilerOptions = {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: [mainLibrary],
      types: [],
      typeRoots: [],
      strict: true,
      noEmit: true,
    };
    const textOf = (name: string) => this.#files.get(name)?.text ?? (name === libraryFile ? snippetLibrary : libraries.get(name));
    return {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [libraryFile, ...this.#files.keys()],
      getScriptVersion: (name) => this.#files.get(name)?.version ?? '1',
      getScriptSnapshot: (name) => {
        const text = textOf(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => codeFolder,
      getDefaultLibFileName: () => `${librariesFolder}/${mainLibrary}`,
      useCaseSensitiveFileNames: () => true,
      fileExists: (name) => textOf(name) !== undefined,
      readFile: textOf,
      directoryExists: (name) => name === codeFolder || name === librariesFolder,
      getDirectories: () => [],
      readDirectory: () => [],
      realpath: (name) => name,
      resolveModuleNameLiterals: (literals) => literals.map(() => ({ resolvedModule: undefined })),
      resolveTypeReferenceDirectiveReferences: (references) => references.map(() => ({ resolvedTypeReferenceDirective: undefined })),
    };
  }
}

/** TypeScript's declarations of the language's own objects, and no others: neither a window nor a process. By name in our world. */
function readLibraries(ts: typeof TypeScript): ReadonlyMap<string, string> {
  const folder = dirname(ts.getDefaultLibFilePath({}));
  const found = new Map<string, string>();
  const add = (name: string) => {
    const path = `${librariesFolder}/${name}`;
    if (found.has(path)) return;
    const text = readFileSync(join(folder, name), 'utf8');
    found.set(path, text);
    for (const { fileName } of ts.preProcessFile(text).libReferenceDirectives) add(`lib.${fileName}.d.ts`);
  };
  add(mainLibrary);
  return found;
}

const codeFolder = '/code';
const libraryFile = `${codeFolder}/library.d.ts`;
const librariesFolder = '/typescript';
const mainLibrary = 'lib.es2024.d.ts';

/** The declarations stand below, so that lines of a snippet keep their numbers. */
function fileOf({ kind, source, input, keys = [] }: TypedCode): { readonly text: string; readonly linesBefore: number } {
  const row = rowDeclaration(input, { withNull: kind !== 'expression' });
  if (kind === 'module') return { text: `${source}\n${row}\nexport {};\n`, linesBefore: 0 };
  if (kind === 'keyed') return { text: `${source}\n${row}\n${keyedDeclarations(input, keys, source)}export {};\n`, linesBefore: 0 };
  return { text: `export default (\n${source}\n);\n${row}\ndeclare const row: Row;\n`, linesBefore: 1 };
}

function hintOf(code: number, message: string, input: Schema): string {
  if (isAboutNull(code, message)) return 'Test it first, or give a default: `value ?? 0`, `value?.method()`.';
  const isUnknownColumn = (code === 2339 || code === 2551) && message.includes("'Row'");
  if (!isUnknownColumn) return 'Fix the code where it is marked.';
  const names = input.columns.map((column) => column.name);
  const shown = names.slice(0, 12).join(', ');
  return names.length === 0 ? 'The rows here have no columns yet.' : `The columns here are: ${shown}${names.length > 12 ? ', ...' : ''}.`;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
