/** docs/errors.md: what every code means, as Markdown. */
import type { NodeDefinition } from '@millrace/kit/node';
import { type Behaviour, behaviours, type CodeTable, whatHappens } from '../model/problems/codes/behaviour.ts';
import { codeGroups } from '../model/problems/codes/index.ts';

const lead = `<!-- Written by \`npm run generate\` from the table of codes. -->
# Errors

Every error, warning and note has a code, which the command line, the log and the \`errors\` port show. A code stays the same from one version to the next; the words of a message do not. \`millrace explain CODE\` prints what this page says of one code.

What happens then follows from the behaviour of an error ([ADR 29](adr/0029-errors-with-behaviour.md)). Most often that is the one of its code, as listed here. A problem that comes with a row is about that row. "A stream" is a run that commits with checkpoints.

| behaviour | what happens then |
|---|---|
`;

/** The names of behaviours in prose. */
const names: { readonly [behaviour in Behaviour]: string } = {
  permanent: 'permanent',
  row: 'of a row',
  transient: 'transient',
  'not-connected': 'not connected',
  uncertain: 'uncertain',
  crashed: 'crashed',
  'end-of-input': 'end of input',
  notice: 'notice',
};

export function errorsPage(definitions: readonly NodeDefinition[]): string {
  const legend = behaviours.map((behaviour) => `| ${names[behaviour]} | ${whatHappens[behaviour]} |`).join('\n');
  const own = definitions.flatMap(({ type, title, codes }) => (codes ? [section(title, prefixed(type, codes))] : []));
  return `${lead}${legend}\n\n${[...codeGroups.map(({ title, codes }) => section(title, codes)), ...own].join('\n')}`;
}

function prefixed(type: string, codes: CodeTable): CodeTable {
  return Object.fromEntries(Object.entries(codes).map(([what, entry]) => [`${type}/${what}`, entry]));
}

function section(title: string, codes: CodeTable): string {
  const rows = Object.entries(codes).map(
    ([code, { means, behaviour, remedy = '' }]) => `| \`${code}\` | ${cell(means)} | ${names[behaviour]} | ${cell(remedy)} |`,
  );
  return `## ${title}\n\n| code | meaning | behaviour | what to do |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
