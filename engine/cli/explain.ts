/** `millrace explain CODE`: what docs/errors.md says of one code. */
import { whatHappens } from '../../model/problems/codes/behaviour.ts';
import { codes, entryOf } from '../../model/problems/codes/index.ts';
import { didYouMean } from '../../model/text/closest.ts';
import { visible } from '../../model/text/visible-text.ts';

export function explain(code: string): number {
  const entry = entryOf(code);
  if (entry === null) {
    const closest = didYouMean(code, Object.keys(codes));
    process.stderr.write(`There is no code "${visible(code)}"${closest || '.'} docs/errors.md lists all of them.\n`);
    return 2;
  }
  const lines = [`${code}: ${entry.means}`, whatHappens[entry.behaviour], entry.remedy];
  process.stdout.write(`${lines.filter(Boolean).join('\n')}\n`);
  return 0;
}
