/** One stretch of the input of a run, in whatever thread it is: read, worked through the plan, and written aside. */
import type { NodeDefinition, SplitEnd } from '@millrace/kit/node';
import { missing } from '../../../../model/faults/missing.ts';
import type { Problem } from '../../../../model/problems/problem.ts';
import type { PlannedNode } from '../../../protocol/physical-plan.ts';
import type { Sandbox } from '../../../sandbox/sandbox.ts';
import type { Dataflow } from '../dataflow.ts';
import { countTurn, type Monitor } from '../monitor.ts';
import { openDataflow } from '../open-dataflow.ts';
import { Pull } from '../pull.ts';
import { readable } from '../readable.ts';
import type { FromPart, PartJob, PartLog, PartPort, PartResult, ToPart } from './messages.ts';

const statsEveryMs = 100;
/** Failures of rows are counted, and the first ones told. */
const toldFailures = 100;

export interface PartEnv {
  definition(type: string): NodeDefinition | undefined;
  sandboxOf(nodes: readonly PlannedNode[]): Promise<Sandbox>;
  readonly monitor?: Monitor;
}

/** Does what comes by the port, until whoever started the thread ends it. */
export function servePart(port: PartPort<FromPart, ToPart>, env: PartEnv): void {
  let part: Part | null = null;
  let isPaused = false;
  port.onMessage((message) => {
    if (message.kind === 'open') {
      part = new Part(message.job, port, env);
      part.pause(isPaused);
      part.run().then(
        (result) => port.post({ kind: 'ended', result }),
        () => port.post({ kind: 'failed' }),
      );
    } else {
      isPaused = message.kind === 'pause';
      part?.pause(isPaused);
    }
  });
}

class Part {
  readonly #job: PartJob;
  readonly #port: PartPort<FromPart, ToPart>;
  readonly #env: PartEnv;
  readonly #abort = new AbortController();
  readonly #failures: Problem[] = [];
  readonly #logs: PartLog[] = [];
  #isPaused = false;
  #flow: Dataflow | null = null;
  #pull: Pull | null = null;
  /** What is told on opening, whoever reads the first stretch has told. */
  #isOpen = false;

  constructor(job: PartJob, port: PartPort<FromPart, ToPart>, env: PartEnv) {
    this.#job = job;
    this.#port = port;
    this.#env = env;
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#pull?.pause();
    else this.#pull?.resume();
  }

  async run(): Promise<PartResult> {
    const { monitor } = this.#env;
    const timer = setInterval(() => {
      if (monitor) countTurn(monitor);
      this.#tellStats();
    }, statsEveryMs);
    try {
      const flow = await this.#open();
      const end = await this.#read(flow);
      const finished = await flow.prepare(1);
      return { end, finished, counts: flow.counters(), failures: this.#failures, logs: this.#logs };
    } finally {
      clearInterval(timer);
      await this.#flow?.close();
    }
  }

  async #open(): Promise<Dataflow> {
    const { plan, folder, places } = this.#job;
    const { definition, sandboxOf, monitor } = this.#env;
    this.#flow = await openDataflow(plan, {
      definition,
      sandbox: await sandboxOf(plan.nodes),
      folder,
      signal: this.#abort.signal,
      writers: 'run',
      places,
      ...(monitor && { monitor }),
      onFailure: (problem) => {
        if (this.#failures.length < toldFailures) this.#failures.push(readable(problem));
      },
      onLog: (level, message, node) => {
        if (this.#isOpen) this.#logs.push({ level, message, node });
      },
      onCode: (number, node, field) => this.#port.post({ kind: 'code', number, node, field }),
    });
    return this.#flow;
  }

  async #read(flow: Dataflow): Promise<SplitEnd> {
    const { source, split } = this.#job;
    let end: SplitEnd | null = null;
    const stretch = {
      split,
      onOpened: () => {
        this.#isOpen = true;
      },
      atEnd(found: SplitEnd) {
        end = found;
        return false;
      },
    };
    this.#pull = new Pull(flow, this.#abort, { stretch });
    this.pause(this.#isPaused);
    await this.#pull.run([[source]]);
    await flow.finish();
    return end ?? missing('the end of the stretch');
  }

  #tellStats(): void {
    if (this.#flow) this.#port.post({ kind: 'stats', counts: this.#flow.counters(), progress: this.#pull?.progress() ?? {} });
  }
}
