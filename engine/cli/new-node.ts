import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { entryFile } from '../processes/entries.ts';

const kinds = ['source', 'transform', 'sink'];

/** `millrace new-node KIND NAME`: copies the template into a folder of the node library and puts the name in. */
export async function newNode(kind: string, name: string, family: string = name): Promise<number> {
  if (!kinds.includes(kind))
    throw new MillraceError({ code: 'new-node/kind', message: `"${kind}" is not a kind of node.`, hint: `Use one of: ${kinds.join(', ')}.` });
  for (const [what, word] of [
    ['node', name],
    ['folder', family],
  ] as const) {
    if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(word)) continue;
    throw new MillraceError({
      code: 'new-node/name',
      message: `"${word}" is not a valid ${what} name.`,
      hint: 'Use lower-case words with dashes: moving-average.',
    });
  }
  const root = join(dirname(entryFile('cli')), '..', '..');
  const template = join(root, 'nodes', kind === 'transform' ? '_template.ts' : `_template-${kind}.ts`);
  if (!existsSync(template)) {
    throw new MillraceError({
      code: 'new-node/no-checkout',
      message: 'New nodes are written in a checkout of Millrace, and this is not one.',
      hint: 'Clone its repository, then run this there.',
    });
  }
  const file = join(root, 'nodes', family, `${name}.ts`);
  if (existsSync(file)) throw new MillraceError({ code: 'new-node/exists', message: `${file} exists already.`, hint: 'Choose another name.' });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, fill(readFileSync(template, 'utf8'), name));
  process.stdout.write(`${relative(process.cwd(), file)} is there. Write its params, infer, run and examples, then "npm test": they are run as tests.\n`);
  return 0;
}

/** The templates stand one folder higher. */
function fill(template: string, name: string): string {
  const title = name.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase());
  return template
    .replaceAll("from '../", "from '../../")
    .replace(/type: '[^']*'/, `type: '${name}'`)
    .replace(/title: '[^']*'/, `title: '${title}'`);
}
