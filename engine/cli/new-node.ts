import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { entryFile } from '../processes/entries.ts';

const kinds = ['source', 'transform', 'sink'];

/** `millrace new-node KIND NAME`: copies the templates into a folder of the node library and puts the name in. */
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
  const files = filesOf(root, kind, name, family);
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
    writeFileSync(path, fill(readFileSync(template, 'utf8'), name, dirname(template) === join(root, 'nodes')));
  }
  const [node, contract] = files.map(({ path }) => relative(process.cwd(), path));
  const further = contract === undefined ? '' : ` Then describe in ${contract} how it is tested.`;
  process.stdout.write(`Created ${node}. Write its params, infer, run and examples.${further} "npm test -- conformance" runs them as tests.\n`);
  return 0;
}

/** The node's file, for a source or sink its harness for the contract suite, and for a sink what carries it out. */
function filesOf(root: string, kind: string, name: string, family: string): readonly { readonly path: string; readonly template: string }[] {
  const node = {
    path: join(root, 'nodes', family, `${name}.ts`),
    template: join(root, 'nodes', kind === 'transform' ? '_template.ts' : `_template-${kind}.ts`),
  };
  if (kind === 'transform') return [node];
  const contracts = join(root, 'test', 'conformance', 'contracts');
  const contract = { path: join(contracts, `${name}.ts`), template: join(contracts, `_template-${kind}.ts`) };
  if (kind === 'source') return [node, contract];
  const runtime = { path: join(root, 'nodes', family, 'runtime', `${name}.ts`), template: join(root, 'nodes', '_templates', 'runtime', 'my-sink.ts') };
  return [node, contract, runtime];
}

/** The templates of nodes stand one folder higher than nodes do: those are `lower`. */
function fill(template: string, name: string, lower: boolean): string {
  const title = name.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase());
  const words = title.replaceAll(/ (.)/g, (_, letter: string) => letter.toUpperCase());
  return (lower ? template.replaceAll("from '../", "from '../../") : template)
    .replaceAll('./_templates/runtime/my-sink.ts', `./runtime/${name}.ts`)
    .replaceAll('openMySink', `open${words}`)
    .replace(/^\/\*\* What carries out the sink .*$/m, `/** What carries out "${title}". */`)
    .replace(/type: '[^']*'/, `type: '${name}'`)
    .replace(/title: '[^']*'/, `title: '${title}'`);
}
