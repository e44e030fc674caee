/** `millrace runs states`, `forget`: the state kept for pipelines so that they can resume. */
import { resolve } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { dataFolder } from '../store/data-folder.ts';
import { type PipelineState, pipelineStates, removeState } from '../store/pipeline-states.ts';
import { age, alignedTable, bytes } from './report.ts';

const idLength = 8;

/** `millrace runs states` */
export function listStates(options: { readonly json?: boolean }): number {
  const states = pipelineStates(dataFolder());
  if (options.json) process.stdout.write(`${visibleJson(states)}\n`);
  else if (states.length === 0) process.stdout.write('Nothing is kept: no run has a checkpoint to resume from.\n');
  else {
    const rows = states.map((state) => [
      state.id.slice(0, idLength),
      state.owner?.pipeline ?? '(not known)',
      state.checkpoint ? String(state.checkpoint.id) : '',
      `${age(state.changedAt)} ago`,
      bytes(state.bytes),
      placeOf(state),
    ]);
    const header = ['id', 'pipeline', 'checkpoint', 'last used', 'size', 'file'];
    process.stdout.write(`${alignedTable(header, rows, [false, false, true, true, true, false], 100)}\n`);
    const missing = states.filter(({ isThere }) => isThere === false);
    const size = missing.reduce((sum, state) => sum + state.bytes, 0);
    if (missing.length > 0) process.stdout.write(`\n"millrace runs forget --missing" removes those whose file is missing (${bytes(size)}).\n`);
  }
  return 0;
}

/** `millrace runs forget STATE...`: 0 when all of them are removed. Removes none where one is refused. */
export function forgetStates(names: readonly string[], options: { readonly missing?: boolean; readonly force?: boolean }): number {
  const states = pipelineStates(dataFolder());
  if (names.length === 0 && !options.missing) {
    throw new MillraceError({
      code: 'state/which',
      message: 'Nothing to forget was named.',
      hint: 'Name pipelines, or give --missing; "millrace runs states" lists them.',
    });
  }
  const named = names.map((name) => pick(states, name));
  const kept = options.force ? undefined : named.find(({ isThere }) => isThere !== false);
  if (kept) {
    const whether = kept.isThere ? 'is still there' : 'may still be there';
    throw new MillraceError({
      code: 'state/in-use',
      message: `The pipeline ${kept.owner ? `"${kept.owner.pipeline}" ` : ''}of ${kept.id.slice(0, idLength)} ${whether}${kept.owner?.path ? `: ${kept.owner.path}` : ''}.`,
      hint: 'Without its state, its next run reads everything again, and writes it a second time to tables in append mode. Give --force to remove it anyway.',
    });
  }
  const wanted = [...new Set([...named, ...states.filter(({ isThere }) => options.missing && isThere === false)])];
  for (const state of wanted) removeState(state);
  const size = wanted.reduce((sum, state) => sum + state.bytes, 0);
  for (const state of wanted)
    process.stdout.write(`Removed ${state.id.slice(0, idLength)} of ${visible(state.owner?.pipeline ?? 'a pipeline that is not known')}.\n`);
  process.stdout.write(wanted.length === 0 ? 'There was nothing to remove.\n' : `${bytes(size)} are free.\n`);
  return 0;
}

function pick(states: readonly PipelineState[], name: string): PipelineState {
  const byId = states.filter(({ id }) => name.length >= 2 && id.startsWith(name));
  const found = byId.length > 0 ? byId : states.filter(({ owner }) => owner?.pipeline === name || owner?.path === resolve(name));
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  throw new MillraceError({
    code: found.length > 1 ? 'state/ambiguous' : 'state/unknown',
    message: found.length > 1 ? `"${name}" may be any of these: ${found.map(({ id }) => id.slice(0, idLength)).join(', ')}.` : `Nothing is kept of "${name}".`,
    hint: '"millrace runs states" lists what there is.',
  });
}

function placeOf({ owner, isThere }: PipelineState): string {
  if (!owner?.path) return '(not known)';
  return isThere ? owner.path : `${owner.path} (missing)`;
}
