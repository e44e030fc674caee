/** `millrace runs`, `attach`, `stop`, `pause`, `resume`, `checkpoint`: runs in the background and in other terminals. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../model/problems/problem.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunSummary } from '../protocol/messages.ts';
import type { StopMode } from '../protocol/run-api.ts';
import { rowsSent } from '../protocol/run-facts.ts';
import { dataFolder } from '../store/data-folder.ts';
import { ownDataFolder } from '../store/private-files.ts';
import { RunHistoryStore } from '../store/run-history.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { Progress } from './progress.ts';
import { age, alignedTable, count, duration } from './report.ts';
import { describeRun, describeState, exitCodeOf, printProblems } from './run-report.ts';
import { stopNotice } from './stop-notice.ts';

const shownEnded = 20;
/** A run is found once its pipeline was read and checked. */
const startsWithinMs = 5000;
const saysThatItWaitsAfterMs = 500;
const stopsSoonMs = 5000;

/** `millrace runs list` */
export async function listRuns(options: { readonly json?: boolean; readonly all?: boolean }): Promise<number> {
  return withRuns(async (supervisor) => {
    const found = await allRuns(supervisor);
    const ended = found.filter((run) => run.endedAt !== null);
    const shown = options.json || options.all ? found : found.filter((run) => run.endedAt === null || ended.indexOf(run) < shownEnded);
    if (options.json) process.stdout.write(`${visibleJson(shown)}\n`);
    else if (shown.length === 0) process.stdout.write('There are no runs. "millrace run FILE --detach" starts one in the background.\n');
    else {
      const rows = shown.map((run) => [
        shortId(run.id, found),
        run.pipeline,
        run.state,
        `${age(run.startedAt)} ago`,
        duration((run.endedAt ?? Date.now()) - run.startedAt),
        count(rowsOf(run)),
        run.checkpoint ? String(run.checkpoint.id) : '',
        run.path ?? '',
      ]);
      const header = ['id', 'pipeline', 'state', 'started', 'for', 'rows', 'checkpoint', 'file'];
      process.stdout.write(`${alignedTable(header, rows, [false, false, false, true, true, true, true, false])}\n`);
    }
    return 0;
  });
}

/** `millrace runs show ID` */
export async function showRun(name: string, options: { readonly json?: boolean }): Promise<number> {
  return withRuns(async (supervisor) => {
    const list = () => allRuns(supervisor);
    const found = existsSync(name) ? await pickSoon(list, name) : pick(await list(), name);
    const store = RunHistoryStore.open(dataFolder());
    try {
      const history = store.history(found.id);
      if (options.json) process.stdout.write(`${visibleJson({ ...found, history })}\n`);
      else {
        printProblems(found.problems, names(found));
        process.stdout.write(`${visible(found.pipeline)} (${found.id})\n${describeRun(found, { ...names(found), nodes: nodesOf(found) })}`);
        for (const { at, state, reason } of history.states)
          process.stdout.write(`  ${new Date(at).toISOString()}  ${state}${reason ? `: ${visible(reason)}` : ''}\n`);
      }
    } finally {
      store.close();
    }
    return 0;
  });
}

/** `millrace runs attach ID`: until the run ends, or Ctrl+C, which leaves it running. */
export async function attachRun(name: string, options: { readonly json?: boolean }): Promise<number> {
  return withRuns(async (supervisor) => {
    const found = await pickGoing(supervisor, name);
    const { id } = found;
    const nodes = (await supervisor.attachment(id))?.run.nodes ?? [];
    const titles = new Map(nodes.map((node) => [node.id, node.title]));
    const progress = options.json ? null : new Progress(nodes, process.stderr);
    let last: RunSummary | null = null;
    const ended = new Promise<RunSummary | null>((done) => {
      const show = (summary: RunSummary) => {
        if (summary.id !== id) return;
        last = summary;
        progress?.show(summary);
        if (summary.endedAt !== null) done(summary);
      };
      supervisor.onChanged(show);
      supervisor.onLogged((runId, line) => {
        if (runId === id) progress?.log(`${line.node ? `${line.node}: ` : ''}${line.message}`);
      });
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => done(null));
      progress?.log(`${found.pipeline} (${id.slice(0, 8)}): ${describeState(found)}. Ctrl+C leaves it running.`);
      void supervisor.list().then((runs) => {
        const now = runs.find((run) => run.id === id);
        if (now) show(now);
      });
    });
    const summary = await ended;
    progress?.end();
    if (!summary) {
      process.stderr.write(`The run continues. "millrace runs attach ${id.slice(0, 8)}" shows it again, "millrace runs stop ${id.slice(0, 8)}" ends it.\n`);
      if (options.json) process.stdout.write(`${visibleJson(last)}\n`);
      return 0;
    }
    const report = { file: summary.path ?? summary.pipeline, titleOf: (node: string) => titles.get(node) ?? node };
    if (options.json) process.stdout.write(`${visibleJson(summary)}\n`);
    else {
      printProblems(summary.problems, report);
      process.stdout.write(describeRun(summary, { ...report, nodes }));
    }
    return exitCodeOf(summary, null);
  });
}

/** `millrace runs stop ID`: returns when the run has ended. With a checkpoint where it makes some, else at once. */
export async function stopRun(name: string, options: { readonly drain?: boolean; readonly cancel?: boolean }): Promise<number> {
  return withRuns(async (supervisor) => {
    const { id, pipeline } = await pickGoing(supervisor, name);
    const how: StopMode = options.cancel ? 'cancel' : options.drain ? 'drain' : 'checkpoint';
    const said = new Set<string>();
    let isLong = false;
    let last: RunSummary | null = null;
    const tell = (summary: RunSummary) => {
      const notice = stopNotice(summary, how, isLong);
      const about = summary.state === 'restarting' ? summary.problems[0]?.message : 'long';
      if (notice === null || said.has(about ?? '')) return;
      said.add(about ?? '');
      process.stderr.write(`${notice}\n`);
    };
    const ended = new Promise<RunSummary>((done) => {
      const look = (summary: RunSummary) => {
        if (summary.id !== id) return;
        last = summary;
        if (summary.endedAt !== null) done(summary);
        else tell(summary);
      };
      supervisor.onChanged(look);
      void supervisor.list().then((runs) => runs.forEach(look));
    });
    const timer = setTimeout(() => {
      isLong = true;
      if (last) tell(last);
    }, stopsSoonMs);
    const summary = await supervisor.stop(id, how).then(
      () => ended,
      async (error) => (await whenEnded(supervisor, id)) ?? Promise.reject(error),
    );
    clearTimeout(timer);
    printProblems(summary.state === 'failed' ? summary.problems.slice(0, 1) : [], names(summary));
    process.stdout.write(`${visible(pipeline)}: ${describeState(summary)}.\n`);
    return summary.state === 'failed' ? 1 : 0;
  });
}

/** `millrace runs pause ID`, `millrace runs resume ID`, `millrace runs checkpoint ID` */
export async function controlRun(name: string, what: 'pause' | 'resume' | 'checkpoint'): Promise<number> {
  return withRuns(async (supervisor) => {
    const { id, pipeline } = await pickGoing(supervisor, name);
    if (what === 'checkpoint') {
      const made = await supervisor.checkpoint(id);
      process.stdout.write(`${visible(pipeline)}: checkpoint ${made.id} is made.\n`);
    } else {
      await supervisor[what](id);
      process.stdout.write(`${visible(pipeline)}: ${what === 'pause' ? 'paused. "millrace runs resume" resumes it' : 'goes on'}.\n`);
    }
    return 0;
  });
}

async function withRuns(act: (supervisor: Supervisor) => Promise<number>): Promise<number> {
  ownDataFolder(dataFolder());
  const supervisor = new Supervisor({ dataFolder: dataFolder() });
  try {
    return await act(supervisor);
  } finally {
    supervisor.dispose();
  }
}

async function going(supervisor: Supervisor): Promise<readonly RunSummary[]> {
  return (await supervisor.list()).filter((run) => run.endedAt === null);
}

/** Current runs and those in the history; newest first. */
async function allRuns(supervisor: Supervisor): Promise<readonly RunSummary[]> {
  const current = await supervisor.list();
  const store = RunHistoryStore.open(dataFolder());
  try {
    const known = new Set(current.map(({ id }) => id));
    return [...current, ...store.runs().filter(({ id }) => !known.has(id))].sort((a, b) => b.startedAt - a.startedAt);
  } finally {
    store.close();
  }
}

/** The run as it has ended; null where it has not within a moment. Its process may be gone before it can answer that it stops. */
async function whenEnded(supervisor: Supervisor, id: string): Promise<RunSummary | null> {
  for (let i = 0; i < 20; i++, await sleep(100)) {
    const found = (await allRuns(supervisor)).find((run) => run.id === id && run.endedAt !== null);
    if (found) return found;
  }
  return null;
}

/** A run that is active, or about to start. */
async function pickGoing(supervisor: Supervisor, name: string): Promise<RunSummary> {
  const ended = (await allRuns(supervisor)).find(({ id, endedAt }) => endedAt !== null && (id === name || (name.length >= 8 && id.startsWith(name))));
  if (ended) {
    throw new MillraceError({
      code: 'run/ended',
      message: `Run ${name} of ${ended.pipeline} has ended: ${ended.state}, ${age(ended.endedAt ?? Date.now())} ago.`,
      hint: `"millrace runs show ${name}" shows how.`,
    });
  }
  return isId(name) ? pick(await going(supervisor), name) : pickSoon(() => going(supervisor), name);
}

/** Only a run that was found before has told its id. */
function isId(name: string): boolean {
  return /^[0-9a-f]{8}[0-9a-f-]{0,28}$/.test(name);
}

/** Waits a moment for a run that was started right before. */
async function pickSoon(list: () => Promise<readonly RunSummary[]>, name: string): Promise<RunSummary> {
  const startedAt = performance.now();
  let hasSaid = false;
  for (;;) {
    try {
      return pick(await list(), name);
    } catch (error) {
      const waited = performance.now() - startedAt;
      if (problemOf(error).code !== 'run/unknown' || waited >= startsWithinMs) throw error;
      if (!hasSaid && waited >= saysThatItWaitsAfterMs) {
        hasSaid = true;
        process.stderr.write(`There is no run "${visible(name)}" yet; waiting a moment for one that is just starting.\n`);
      }
    }
    await sleep(100);
  }
}

/** The run of this id, or of the only one that begins so; else the only one, or the newest that has not ended, of a pipeline of this name or file. */
function pick(runs: readonly RunSummary[], name: string): RunSummary {
  const byId = runs.filter(({ id }) => id === name || (name.length >= 2 && id.startsWith(name)));
  const [only, ...others] = byId;
  if (only && others.length === 0) return only;
  const named = byId.length > 1 ? byId : runs.filter(({ pipeline, path }) => pipeline === name || path === name || path?.endsWith(`/${name}`));
  const current = named.filter(({ endedAt }) => endedAt === null);
  const [going] = current;
  if (going && current.length === 1) return going;
  const [newest] = named;
  if (newest && !going && !only) return newest;
  const several = named.length > 1;
  throw new MillraceError({
    code: several ? 'run/ambiguous' : 'run/unknown',
    message: several ? `"${name}" may be any of these runs: ${named.map(({ id }) => shortId(id, runs)).join(', ')}.` : `There is no run "${name}".`,
    hint: several ? 'Give the first letters of the id of the run.' : '"millrace runs" lists them.',
  });
}

/** As much of an id as tells it from the others, at least eight letters. */
function shortId(id: string, runs: readonly RunSummary[]): string {
  let length = 8;
  while (length < id.length && runs.some((other) => other.id !== id && other.id.startsWith(id.slice(0, length)))) length++;
  return id.slice(0, length);
}

function nodesOf(run: RunSummary): readonly { readonly id: string }[] {
  return Object.keys(run.stats).map((id) => ({ id }));
}

function names(run: RunSummary): { readonly file: string; titleOf(node: string): string } {
  return { file: run.path ?? run.pipeline, titleOf: (node) => node };
}

function rowsOf(run: RunSummary): number {
  return Math.max(0, ...Object.values(run.stats).map((stats) => Math.max(stats.in, rowsSent(stats.out))));
}
