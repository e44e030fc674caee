/** Loads a pipeline that is to run. One without end is waited for where a server that it needs does not answer yet. */

import { setTimeout as sleep } from 'node:timers/promises';
import { completeParams } from '@millrace/kit/params';
import { behaviourOf } from '../../model/problems/behaviour-of.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { isBounded } from '../plan/catalogue.ts';
import { connectionField } from '../plan/connections.ts';
import { type Loaded, load } from './load.ts';
import type { RunCommandOptions } from './options.ts';
import { printProblems } from './run-report.ts';

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** As `load`. It is not runnable where something else stands in the way than servers that are away, or it ends by itself, or is only explained. */
export async function loadConnected(file: string, { set, env, json, explain }: RunCommandOptions): Promise<Loaded> {
  for (let pause = firstPauseMs; ; pause = Math.min(longestPauseMs, 2 * pause)) {
    const loaded = await load(file, set, { environment: env ?? null });
    if (loaded.result.runnable || explain || !mayCome(loaded)) return loaded;
    if (pause === firstPauseMs && !json) {
      printProblems(loaded.result.problems, loaded);
      process.stderr.write('The run begins when it answers. Ctrl+C ends it.\n');
    }
    await sleep(pause * (0.5 + Math.random() / 2));
  }
}

function mayCome({ result, pipeline, catalogue }: Loaded): boolean {
  const errors = result.problems.filter(({ severity }) => severity === 'error');
  const isEndless = Object.values(pipeline.nodes).some(({ type, params }) => {
    const definition = catalogue.get(type);
    return definition?.kind === 'source' && !isBounded(definition, completeParams(definition.params, params));
  });
  // A file that is not there is a mistake; a server that is away comes back.
  const isRemote = ({ node = '' }: Problem) => {
    const definition = catalogue.get(pipeline.nodes[node]?.type ?? '');
    return definition !== undefined && connectionField(definition) !== null;
  };
  return isEndless && errors.length > 0 && errors.every((problem) => behaviourOf(problem) === 'not-connected' && isRemote(problem));
}
