import { expect, it } from 'vitest';
import type { Problem } from '../../model/problems/problem.ts';
import type { RunSummary } from '../protocol/messages.ts';
import type { Loaded } from './load.ts';
import { alignedTable, describeProblem, describeProblems } from './report.ts';
import { describeState } from './run-report.ts';
import { stopNotice } from './stop-notice.ts';
import { describeOutcomes } from './take-up.ts';

it('lets no text from a file steer the terminal', () => {
  const problem = { code: 'code/threw', severity: 'error', message: 'red\x1b[31m\x07', node: 'step' } as const;
  expect(describeProblem(problem, 'x.json', () => 'Step')).toBe('x.json: node step "Step": red⟨U+001B⟩[31m⟨U+0007⟩.');
  expect(alignedTable(['a'], [['1\x1b]0;title\n2']])).toBe('a\n1⟨U+001B⟩]0;title 2');
  const restarting = { id: 'r', pipeline: 'p', path: null, state: 'restarting', startedAt: Date.now(), endedAt: null, retryAt: Date.now() + 1e6 } as const;
  const summary = { ...restarting, stats: {}, problems: [problem], outputs: [], bounded: false, checkpoint: null, resumedFrom: null, restarts: 1 };
  expect(describeState(summary)).toMatch(/: red⟨U\+001B⟩\[31m⟨U\+0007⟩$/);
  const titles = { titleOf: () => 'x\x1b[1m' } as unknown as Loaded;
  expect(describeOutcomes([{ node: 'a', replayed: 1, failedAgain: 0, left: 0 }], titles)).toBe('  x⟨U+001B⟩[1m: 1 row replayed\n');
});

it('draws a table of more rows than a call takes arguments', () => {
  const rows = Array.from({ length: 200_000 }, () => ['a']);
  expect(alignedTable(['x'], rows).length).toBe(2 * rows.length + 1);
});

it('tells a hint with the options that do what it says', () => {
  const problem = {
    code: 'checkpoint/changed',
    severity: 'error',
    message: 'State does not fit any more',
    hint: 'Undo the change, or start from scratch',
  } as const;
  expect(describeProblem(problem, 'x.json', () => 'Step')).toMatch(
    /\n {2}Undo the change, or start from scratch\. Options: --drop-changed-state, --from scratch\.$/,
  );
});

it('tells what a source offers, with what to write into the file', () => {
  const offer = (column: string, more?: { column: string }[]): Problem => ({
    code: 'column/format-found',
    severity: 'info',
    message: `Column "${column}" holds yes and no.`,
    fix: { title: `Read "${column}"`, list: 'types', key: 'column', entry: { column, type: 'boolean' }, ...(more && { more }) },
  });
  const titleOf = () => '';
  expect(describeProblems([offer('a')], 'x.json', titleOf)).toBe(
    'x.json: info: Column "a" holds yes and no.\n  Read "a": add to "types" {"column":"a","type":"boolean"}',
  );
  const all = offer('a', [{ column: 'b', type: 'boolean' } as { column: string }]);
  expect(describeProblems([all, offer('a'), offer('b'), offer('c')], 'x.json', titleOf).match(/info:.*/g)).toHaveLength(2);
});

it('says why a run that was told to stop has not ended, and how to end it', () => {
  const full = { code: 'file/disk-full', severity: 'error', message: 'x.db cannot be written: the disk is full.' } as const;
  const run = { id: '0123456789', pipeline: 'p', path: null, startedAt: Date.now(), endedAt: null, stats: {}, outputs: [], bounded: false } as const;
  const more = { checkpoint: null, resumedFrom: null, restarts: 1 } as const;
  const waiting: RunSummary = { ...run, ...more, state: 'restarting', problems: [full] };
  expect(stopNotice(waiting, 'drain', false)).toBe(
    'p is still writing what it holds: x.db cannot be written: the disk is full. It retries until this works. Ctrl+C leaves it running. "millrace runs stop 01234567 --cancel" ends it now, at its last checkpoint.',
  );
  const running: RunSummary = { ...waiting, state: 'running', problems: [] };
  expect(stopNotice(running, 'drain', false)).toBeNull();
  expect(stopNotice(running, 'cancel', true)).toMatch(/^p is still ending: Running for .*\. Ctrl\+C leaves it running\.$/);
  expect(stopNotice({ ...waiting, endedAt: 1 }, 'drain', true)).toBeNull();
});
