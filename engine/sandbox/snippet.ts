import { type Identifier, parse } from 'acorn';
import { missing } from '../../model/faults/missing.ts';

/**
 * A snippet's module (from stripTypes) as the body of a function that returns its default function. Every remaining character keeps its
 * position: `export default` becomes blanks before a function with a name, and a `const` of the same width before anything else.
 */
export function snippetBody(code: string): string {
  const main =
    parse(code, { ecmaVersion: 'latest', sourceType: 'module' }).body.find((statement) => statement.type === 'ExportDefaultDeclaration') ??
    missing('the default function');
  const { declaration } = main;
  const named = declaration.type === 'FunctionDeclaration' && declaration.id ? declaration.id.name : null;
  const head = code.slice(main.start, declaration.start);
  const replaced = named ? head.replace(/\S/g, ' ') : head.replace('export', 'const ').replace('default', '$step =');
  return `${code.slice(0, main.start)}${replaced}${code.slice(declaration.start)}\n;return ${named ?? '$step'};`;
}

/**
 * A keyed module (from stripTypes) as the body of a function that returns what it exports, undefined for missing exports. `export` becomes
 * blanks.
 */
export function keyedBody(code: string): string {
  let body = code;
  const names: string[] = [];
  for (const statement of parse(code, { ecmaVersion: 'latest', sourceType: 'module' }).body) {
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const { declaration, start, end } = statement;
    const till = declaration?.start ?? end;
    body = body.slice(0, start) + body.slice(start, till).replace(/[^\n\r]/g, ' ') + body.slice(till);
    if (declaration?.type === 'VariableDeclaration') names.push(...declaration.declarations.map(({ id }) => (id as Identifier).name));
    else if (declaration) names.push(declaration.id.name);
  }
  return `${body}\n;return { ${names.join(', ')} };`;
}
