import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { MillraceError } from '../schema/problem.ts';
import { entryFile } from '../threads.ts';

const kinds = ['source', 'transform', 'sink'];

/** `millrace new-node KIND NAME`: copies the templates and puts the name in. */
export async function newNode(kind: string, name: string): Promise<number> {
  if (!kinds.includes(kind))
    throw new MillraceError({ code: 'new-node/kind', message: `"${kind}" is not a kind of node.`, hint: `Use one of: ${kinds.join(', ')}.` });
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new MillraceError({
      code: 'new-node/name',
      message: `"${name}" is not a valid node name.`,
      hint: 'Use lower-case words with dashes: moving-average.',
    });
  }
  const root = join(dirname(entryFile('cli')), '..', '..');
  const files = filesOf(root, kind, name);
  if (!files.every(({ template }) => existsSync(template))) {
    throw new MillraceError({
      code: 'new-node/no-checkout',
      message: 'New nodes are written in a checkout of Millrace, and this is not one.',
      hint: 'Clone its repository, then run this there.',
    });
  }
  const existing = files.find(({ path }) => existsSync(path));
  if (existing) throw new MillraceError({ code: 'new-node/exists', message: `${existing.path} exists already.`, hint: 'Choose another name.' });
  for (const { path, template } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, fill(readFileSync(template, 'utf8'), name));
  }
  const [node, contract] = files.map(({ path }) => relative(process.cwd(), path));
  const further = contract === undefined ? '' : ` Then tell in ${contract} how it is tested.`;
  process.stdout.write(`${node} is there. Write its params, infer, run and examples.${further} "npm test -- conformance" runs them as tests.\n`);
  return 0;
}

/** The node's file, and for a source or sink its harness for the contract suite. */
function filesOf(root: string, kind: string, name: string): readonly { readonly path: string; readonly template: string }[] {
  const node = {
    path: join(root, 'nodes', `${kind}s`, `${name}.ts`),
    template: join(root, 'nodes', kind === 'transform' ? '_template.ts' : `_template-${kind}.ts`),
  };
  if (kind === 'transform') return [node];
  const contracts = join(root, 'test', 'conformance', 'contracts');
  return [node, { path: join(contracts, `${name}.ts`), template: join(contracts, `_template-${kind}.ts`) }];
}

/** The templates stand one folder higher. */
function fill(template: string, name: string): string {
  const title = name.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase());
  return template
    .replaceAll("from './kit/", "from '../kit/")
    .replaceAll("from './formats/", "from '../formats/")
    .replaceAll("from '../engine/", "from '../../engine/")
    .replace(/type: '[^']*'/, `type: '${name}'`)
    .replace(/title: '[^']*'/, `title: '${title}'`);
}
