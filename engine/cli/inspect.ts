import { placeOf, resolvedPath } from '../../model/problems/path-place.ts';
import { describeReach } from '../../model/text/reach.ts';
import { describeReference } from '../../model/text/secret-reference.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { problemOf } from '../protocol/connection.ts';
import type { LinkedPath, Touches } from '../protocol/messages.ts';
import { linkedPaths } from '../store/output-place.ts';
import { describeProblems } from './report.ts';

/**
 * `millrace inspect`: 0 with what the pipeline would do, 2 where the file is none. Opens nothing but the file and that of its connections,
 * and follows links only where it is trusted.
 */
export async function inspect(file: string, options: { readonly json?: boolean; readonly env?: string }): Promise<number> {
  try {
    const { assess } = await import('./assess.ts');
    const { result, pipeline, trusted, path, folder, titleOf } = await assess(file, { look: 'never', environment: options.env ?? null });
    const { reads, writes, listens, reaches, secrets, code, unknown } = result;
    const links = trusted ? linkedPaths([...new Set([...writes, ...reads])], folder) : [];
    const nodes = Object.entries(pipeline.nodes).map(([id, { type }]) => ({ id, type, title: titleOf(id) }));
    if (options.json) {
      const { name, parameters } = pipeline;
      process.stdout.write(
        `${visibleJson({ file: path, name, trusted, nodes, reads, writes, listens, reaches, secrets, code, unknown, ...(trusted && { links }), parameters })}\n`,
      );
      return 0;
    }
    const parameters = Object.entries(pipeline.parameters).map(([name, { type, default: value }]) => `${name} (${type}, ${JSON.stringify(value)})`);
    const lines = [
      `${visible(path)}: ${visible(pipeline.name)}, ${trusted ? 'trusted' : 'not trusted'}`,
      fact(
        'Nodes',
        nodes.map(({ id, type, title }) => `${title === id ? id : `${id} “${title}”`} (${type})`),
        'none',
      ),
      describeTouches(result, { folder, titleOf, links }).trimEnd(),
      fact('Parameters', parameters, 'none'),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    const problem = problemOf(error);
    if (options.json) process.stdout.write(`${visibleJson({ problems: [problem] })}\n`);
    else process.stderr.write(`${describeProblems([problem], file, (node) => node)}\n`);
    return 2;
  }
}

/** A line for each kind of thing that a pipeline would touch. */
export function describeTouches(
  touches: Touches,
  { folder, titleOf, links = [] }: { readonly folder: string; titleOf(node: string): string; readonly links?: readonly LinkedPath[] },
): string {
  const marks = { inside: '', outside: " (outside the pipeline's folder)", network: ' (may ask another machine)' };
  const ends = new Map(links.map(({ path, real }) => [path, ` -> ${real}`]));
  const files = (paths: readonly string[]) => paths.map((path) => `${resolvedPath(path, folder)}${ends.get(path) ?? ''}${marks[placeOf(path)]}`);
  const isOpen = touches.unknown.length > 0;
  const none = isOpen ? 'nothing known' : 'nothing';
  const lines = [
    fact('Reads', files(touches.reads), none),
    fact('Writes', files(touches.writes), none),
    fact('Holds code', touches.code.map(titleOf), none),
    fact('Listens on', touches.listens, none),
    fact('Reaches', touches.reaches.map(describeReach), isOpen ? none : 'no other machine'),
    ...(touches.secrets.length > 0 ? [fact('Sends', touches.secrets.map(describeReference), '')] : []),
    ...(isOpen
      ? [
          fact(
            'Not known',
            touches.unknown.map(({ node, reason }) => `${titleOf(node)}: ${reason}`),
            '',
          ),
        ]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function fact(name: string, items: readonly string[], none: string): string {
  return `  ${name.padEnd(11)}${items.length > 0 ? items.map(visible).join(`\n${' '.repeat(13)}`) : none}`;
}
