import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const notice = `<!-- Written by \`npm run generate\` from the modules that kit/package.json exports. -->

# What the kit exports

A change here is a change of the contract between nodes and engine: review it as such.
`;

/** The declarations of all modules that the kit exports to nodes and engine, as one page of text; those for tests left out. */
export function kitApi(project) {
  const { exports } = JSON.parse(readFileSync(join(project, 'kit', 'package.json'), 'utf8'));
  const modules = Object.entries(exports)
    .filter(([name]) => !name.startsWith('./testing/'))
    .map(([name, file]) => ({ name: name.replace('./', '@millrace/kit/'), file: join(project, 'kit', file) }));
  const program = ts.createProgram(
    modules.map(({ file }) => file),
    {
      target: ts.ScriptTarget.ES2024,
      lib: ['lib.es2024.d.ts'],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      strict: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      types: [],
      declaration: true,
      emitDeclarationOnly: true,
      // Types are checked elsewhere.
      noCheck: true,
    },
  );
  return notice + modules.map(({ name, file }) => `\n## ${name}\n\n\`\`\`ts\n${declarations(program, file)}\n\`\`\`\n`).join('');
}

function declarations(program, file) {
  let text = '';
  program.emit(
    program.getSourceFile(file),
    (_, written) => {
      text = written;
    },
    undefined,
    true,
  );
  if (text === '') throw new Error(`${file} gives no declarations`);
  return text.trim().replaceAll('    ', '  ');
}
