/** What becomes of an error when the same is tried again: known here for all codes, and nowhere else. */
import type { Problem } from './problem.ts';

/**
 * `passing`: about the machine, not the pipeline; it goes over by itself or once somebody makes room, and costs nothing to wait for.
 * `absent`: what was there is away (a drive, a network folder, a right), and may come back. Before it was ever there it is more
 * likely a wrong name.
 * `unclear`: it may pass.
 * `final`: the same code, row or output gives the same again, until somebody changes it.
 */
export type Outlook = 'passing' | 'absent' | 'unclear' | 'final';

const byCode: { readonly [code: string]: Outlook } = {
  'run/no-room': 'passing',
  'run/state-folder': 'absent',
  'checkpoint/not-written': 'passing',
  'state/unwritable': 'passing',
  'state/in-use': 'passing',
  'system/no-room': 'passing',
  'system/unavailable': 'passing',
  'file/disk-full': 'passing',
  'file/unavailable': 'passing',
  'sqlite/locked': 'passing',
  // Rows were committed there: it was the right name, whenever this run was started.
  'file/gone': 'passing',
  'sqlite/gone': 'passing',
  'http/port': 'absent',
  'file/missing': 'absent',
  'file/unreadable': 'absent',
  'file/folder-missing': 'absent',
  'file/denied': 'absent',
  'file/write-failed': 'absent',
  'file/changed': 'final',
  'file/added-to': 'final',
  'file/other-columns': 'final',
  'sqlite/changed': 'final',
  'sqlite/other-columns': 'final',
  // Whoever writes there will go on doing so: somebody has to decide.
  'output/in-use': 'final',
};
/** Areas of codes: of the pipeline itself; what a checkpoint does not fit. Each is produced somewhere: see test/architecture. */
export const finalAreas: readonly string[] = ['code', 'column', 'columns', 'params', 'node', 'checkpoint', 'output'];

export function outlookOf({ code, row }: Pick<Problem, 'code' | 'row'>): Outlook {
  // A row that cannot be written fails again.
  if (row !== undefined) return 'final';
  return byCode[code] ?? (finalAreas.includes(code.slice(0, code.indexOf('/'))) ? 'final' : 'unclear');
}
