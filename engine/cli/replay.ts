import { randomUUID } from 'node:crypto';
import { relative, resolve } from 'node:path';
import { itemAt } from '../../model/faults/missing.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { connectionTypes, definitions } from '../../nodes/index.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { forkNode } from '../processes/fork-node.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunSummary } from '../protocol/messages.ts';
import type { RunJob } from '../protocol/run-api.ts';
import { dataFolder, stateFolder } from '../store/data-folder.ts';
import { readKeptErrors } from '../store/kept-errors.ts';
import { Secrets } from '../store/secrets.ts';
import { unfinishedReplays } from '../store/unfinished-replays.ts';
import { secretsFor } from '../workbench/connections-file.ts';
import { errorsFiles, errorsPath, isReplaySource, prepareReplay, wayInto } from '../workbench/replay.ts';
import { type Loaded, load } from './load.ts';
import { alignedTable, count } from './report.ts';
import { carryOut } from './run.ts';
import { describeState, exitCodeOf, printProblems, refuse } from './run-report.ts';
import { describeReplayed } from './take-up.ts';

export interface ReplayOptions {
  readonly set?: { readonly [name: string]: string };
  readonly env?: string;
  readonly node?: string;
  readonly errors?: string;
  readonly only?: readonly number[];
  readonly dryRun?: boolean;
  /** The pipeline itself takes the rows up: it is stopped with a checkpoint where it runs, and goes on with them. */
  readonly restart?: boolean;
  readonly json?: boolean;
}
const intoRun = (file: string) =>
  `Replay them when the pipeline resumes: millrace run ${file} --replay-errors, or, while it runs, millrace replay ${file} --restart`;
const whileItRuns = (file: string) => `Stop it with a checkpoint and resume it with these rows: millrace replay ${file} --restart`;

/** What became of the waiting rows of one node. */
interface Replayed {
  readonly node: string;
  readonly replayed: number;
  /** Rows that failed in the replay: as their node's policy says, they are kept anew, skipped or routed. */
  readonly failedAgain: number;
  /** Rows that wait on, as they were not asked for or do not fit the node's columns any more. */
  readonly left: number;
  readonly state: RunSummary['state'];
  readonly problems: readonly Problem[];
}
interface Place extends Omit<Parameters<typeof prepareReplay>[0], 'node' | 'only' | 'file'> {
  readonly folder: string;
  /** Databases of errors tables; absolute, or relative to the folder. */
  readonly files: readonly string[];
  /** The pipeline's file, as it was given. */
  readonly pipeline: string;
}
interface Waiting {
  readonly node: string;
  /** The database of their errors table; absolute, or relative to the pipeline's folder. */
  readonly file: string;
  readonly rows: number;
  /** Why they cannot be replayed, or null. */
  readonly problem: Problem | null;
}

/** `millrace replay`: 0 when all that was asked for was replayed, or nothing waits; 1 when a replay failed, 2 when one was refused. */
export async function replay(file: string, options: ReplayOptions): Promise<number> {
  try {
    const loaded = await load(file, options.set, { environment: options.env ?? null });
    const { result, pipeline, folder } = loaded;
    if (!result.runnable) return refuse(result.problems, loaded, options);
    const catalogue = new Catalogue(definitions, connectionTypes);
    const plan = await loaded.plan();
    const files = filesOf(loaded, options);
    const path = errorsPath(folder, itemAt(files, 0));
    const place = { plan, catalogue, stateFolder: stateFolder(dataFolder(), resolve(file), options.env), folder, files, pipeline: file };
    const waiting = listWaiting(place, options);
    if (options.dryRun || waiting.length === 0) return tell(waiting, path, loaded, options);
    if (options.restart) return await (await import('./replay-restart.ts')).replayInRun(resolve(file), plan, loaded, { ...options, files });

    const done: Replayed[] = [];
    const refused = waiting.flatMap(({ rows, problem }) =>
      problem ? { ...problem, message: `${count(rows)} ${rows === 1 ? 'row waits' : 'rows wait'}: ${problem.message}` } : [],
    );
    if (!options.json) printProblems(refused, loaded);
    // Failed rows of sources can never be replayed. They are reported, but do not make a script fail each time.
    let code = refused.some((problem) => problem.code !== 'replay/source' || options.node !== undefined) ? 2 : 0;
    for (const { node, file: errors, problem } of waiting) {
      if (problem) continue;
      const request = { ...place, node, file: errors, only: options.only ?? [] };
      const table = errorsPath(folder, errors);
      const before = readKeptErrors(table);
      const { summary, signal } = await carryOutReplay(request, { name: `${pipeline.name} (replay of ${node})`, path: resolve(file), folder }, options);
      const left = readKeptErrors(table, { through: before.last }).counts.get(node) ?? 0;
      const result: Replayed = {
        node,
        replayed: Math.max(0, (before.counts.get(node) ?? 0) - left),
        failedAgain: Object.entries(summary.stats).reduce((sum, [id, { failed }]) => sum + (isReplaySource(id) ? 0 : failed), 0),
        left,
        state: summary.state,
        problems: summary.problems.map((problem) => (problem.code === 'run/already-running' ? { ...problem, hint: whileItRuns(file) } : problem)),
      };
      done.push(result);
      if (!options.json) {
        printProblems(result.problems, loaded);
        process.stdout.write(`${visible(loaded.titleOf(node))}: ${describeReplayed(result)}. ${describeState(summary)}.\n`);
      }
      code = Math.max(code, exitCodeOf(summary, signal));
      if (signal) break;
    }
    if (options.json) process.stdout.write(`${visibleJson({ errors: path, nodes: done, refused })}\n`);
    return code;
  } catch (error) {
    return refuse([problemOf(error)], { file, titleOf: (node) => node }, options);
  }
}

/** The errors tables that are meant. Ids are those of one table. */
function filesOf(loaded: Loaded, { errors, only }: Pick<ReplayOptions, 'errors' | 'only'>): readonly string[] {
  if (errors !== undefined) return [resolve(errors)];
  const files = errorsFiles(loaded.pipeline.name, loaded);
  return only === undefined ? files : files.slice(0, 1);
}

/** Downstream nodes come first: rows that fail again on their way to them wait for the next replay. */
function listWaiting(place: Place, options: ReplayOptions): Waiting[] {
  const { plan, catalogue, stateFolder: state, folder, files } = place;
  const found = files.flatMap((file) => [...readKeptErrors(errorsPath(folder, file)).counts].map(([node, rows]) => ({ node, file, rows })));
  const places = new Map(plan.nodes.map(({ id }, place) => [id, place]));
  found.sort((a, b) => (places.get(b.node) ?? -1) - (places.get(a.node) ?? -1));
  // One that was interrupted comes first: nothing else may write meanwhile.
  const unfinished = unfinishedReplays(state);
  found.sort((a, b) => Number(unfinished.includes(b.node)) - Number(unfinished.includes(a.node)));
  const asked = options.node === undefined ? found : found.filter(({ node }) => node === options.node);
  return asked.map(({ node, file, rows }) => {
    try {
      prepareReplay({ plan, catalogue, stateFolder: state, file, node, only: options.only ?? [] });
      return { node, file, rows, problem: null };
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      const way = wayInto({ plan, catalogue, stateFolder: state, folder, files: [file], nodes: [node], only: options.only, from: 'latest' }, error.problem);
      return { node, file, rows, problem: way.inRun ? { ...error.problem, hint: intoRun(place.pipeline) } : way.problem };
    }
  });
}

/** With what an interrupted replay has left to do before, if there was one. */
async function carryOutReplay(
  request: Parameters<typeof prepareReplay>[0],
  pipeline: Pick<RunJob, 'name' | 'path' | 'folder'>,
  options: ReplayOptions,
): ReturnType<typeof carryOut> {
  for (;;) {
    const prepared = prepareReplay(request);
    const process = forkNode('run');
    try {
      const secrets = await secretsFor(prepared.plan, new Secrets(dataFolder()));
      const carried = await carryOut({ id: randomUUID(), ...pipeline, plan: prepared.plan, options: prepared.options, ...secrets }, process, options);
      if (!prepared.finishesEarlier || carried.summary.state !== 'done') return carried;
    } finally {
      process.kill();
    }
  }
}

function tell(waiting: readonly Waiting[], path: string, { titleOf }: Loaded, { json, node }: ReplayOptions): number {
  if (json) process.stdout.write(`${visibleJson({ errors: path, waiting })}\n`);
  else if (waiting.length === 0) {
    process.stdout.write(`No rows ${node === undefined ? '' : `of "${visible(node)}" `}wait to be replayed in ${visible(relative('.', path) || path)}.\n`);
  } else {
    const rows = waiting.map(({ node: id, rows: number, problem }) => [
      titleOf(id),
      id,
      count(number),
      problem ? `cannot be replayed: ${problem.message}` : 'can be replayed',
    ]);
    process.stdout.write(`${alignedTable(['node', 'id', 'rows', ''], rows, [false, false, true])}\n`);
  }
  return 0;
}
