import type { NodeDefinition, Reader, SourceContext } from '@millrace/kit/node';
import { itemAt, missing } from '../../model/faults/missing.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { keepNewest } from '../../model/values/newest.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { encodeCells } from '../../model/values/values.ts';
import { errorPort, type NodeId } from '../document/pipeline.ts';
import type { Cells, PreviewResult } from '../protocol/messages.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { rowsSent } from '../protocol/run-facts.ts';
import type { Monitor } from '../runners/local/monitor.ts';
import { openDataflow } from '../runners/local/open-dataflow.ts';
import { readable } from '../runners/local/readable.ts';
import { copyRow } from '../sandbox/row-copy.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { setPhase } from './activity.ts';
import type { PreviewJob } from './preview.ts';
import { type Sample, Samples } from './samples.ts';

/** Rows of each source that a preview is made from; more only where more are to be shown. */
const sampleSize = 1000;
const lookupSize = 10_000;
const keptProblems = 100;
const keptExpressions = 1000;

export interface PreviewEngineOptions {
  readonly definition: (type: string) => NodeDefinition | undefined;
  /** That in which this thread carries these nodes out: see `threadSandbox`. */
  readonly sandbox: (nodes: PhysicalPlan['nodes']) => Promise<Sandbox>;
  readonly monitor: Monitor;
  /** A piece of code is about to run for the first time in this preview: its number in the monitor, and the param that holds it. */
  readonly onCode?: (number: number, field: string) => void;
}

/** Runs previews in the thread in which it was created. */
export class PreviewEngine {
  readonly #definition: (type: string) => NodeDefinition | undefined;
  readonly #openSandbox: PreviewEngineOptions['sandbox'];
  readonly #expressions = new Map<string, (row: Row) => unknown>();
  readonly #monitor: Monitor;
  readonly #onCode: (number: number, field: string) => void;
  readonly #samples = new Samples();

  constructor(options: PreviewEngineOptions) {
    this.#definition = options.definition;
    this.#openSandbox = options.sandbox;
    this.#monitor = options.monitor;
    this.#onCode = options.onCode ?? (() => {});
  }

  /** The rows at a port, made from samples of the sources. Rows that fail are reported, whatever the node's policy, and do not stop it. */
  async read(job: PreviewJob): Promise<PreviewResult> {
    const startedAt = performance.now();
    const now = Date.now();
    const { schema, isWanted } = wanted(job);
    const sandbox = rememberExpressions(await this.#openSandbox(job.plan.nodes), this.#expressions);
    const samples = await this.#sample(job);
    const problems: Problem[] = [];
    const rows: Row[] = [];
    let total = 0;
    const stop = new AbortController();
    setPhase(this.#monitor, 'running');
    let replayed: Sample | undefined;
    const dataflow = await openDataflow(lenient(job.plan), {
      // Sources are opened as usual, but replay their samples: bad records, error ports and counts come out as in a run.
      definition: (type) => {
        const definition = this.#definition(type);
        return definition?.kind === 'source'
          ? { ...definition, run: (context: SourceContext) => replay(replayed ?? missing('the sample'), context) }
          : definition;
      },
      sandbox,
      folder: job.folder,
      secrets: job.secrets,
      signal: stop.signal,
      writers: 'none',
      // Time stands still: what would come by the wall clock alone does not come in a preview.
      now: () => now,
      monitor: this.#monitor,
      onCode: (number, _node, field) => this.#onCode(number, field),
      onFailure: (problem) => {
        if (problems.length < keptProblems) problems.push(readable(problem));
      },
      onLog: () => {},
      tap: (node, port, batch) => {
        if (!isWanted(node, port)) return;
        total += batch.length;
        for (const row of batch) {
          if (rows.length >= job.limit) break;
          rows.push(row);
        }
      },
    });
    try {
      for (const source of job.plan.sourceGroups.flat()) {
        replayed = samples.get(source) ?? missing(`the sample of "${source}"`);
        const reader = await dataflow.openReader(source);
        for (let batch = await reader.read(); batch; batch = await reader.read()) await dataflow.push(source, batch);
        await dataflow.end(source);
      }
      await dataflow.finish();
      const counts = Object.fromEntries(
        Object.entries(dataflow.counters()).map(([id, node]) => [id, { in: node.in, out: rowsSent(node.out), failed: node.failed, ports: node.out }]),
      );
      const cells: Cells[] = rows.map((row) => encodeCells(row, schema));
      const complete = [...samples.values()].every((sample) => sample.complete);
      return { schema, rows: cells, total, complete, counts, problems: [...dataflow.warnings(), ...problems], elapsedMs: performance.now() - startedAt };
    } finally {
      stop.abort();
      await dataflow.close();
      setPhase(this.#monitor, 'idle');
    }
  }

  async #sample({ plan, folder, secrets, limit, sampleKeys }: PreviewJob): Promise<Map<NodeId, Sample>> {
    const found = new Map<NodeId, Sample>();
    for (const [index, node] of plan.nodes.entries()) {
      if (node.kind !== 'source') continue;
      setPhase(this.#monitor, 'sampling', index);
      const definition = this.#definition(node.type) ?? missing(`the node type "${node.type}"`);
      const key = sampleKeys[node.id] ?? JSON.stringify([node.type, node.params, folder]);
      // Inputs that are read first are lookup inputs: with too few of their rows hardly any row would find a match.
      const isLookup = !plan.sourceGroups.at(-1)?.includes(node.id);
      found.set(node.id, await this.#samples.read(node, definition, key, Math.max(isLookup ? lookupSize : sampleSize, limit), folder, secrets));
    }
    return found;
  }
}

/**
 * Expressions keep nothing from row to row, so each is compiled once for all previews. Snippets may have variables of their
 * own and start anew each time.
 */
function rememberExpressions(sandbox: Sandbox, known: Map<string, (row: Row) => unknown>): Sandbox {
  return {
    snippet: (source, where) => sandbox.snippet(source, where),
    keyed: (source, where) => sandbox.keyed(source, where),
    explain: (thrown) => sandbox.explain(thrown),
    expression(source, where) {
      const key = JSON.stringify([where.node, where.field, source]);
      const run = known.get(key) ?? sandbox.expression(source, where);
      known.delete(key);
      known.set(key, run);
      keepNewest(known, keptExpressions);
      return run;
    },
  };
}

/** A source that has read its rows before. Its watermarks come where they came then, so that rows are late here that would be late in a run. */
function replay(sample: Sample, context: SourceContext): Reader {
  const { rows, watermarks, positions, failures } = sample;
  const located = positions.filter((position) => position !== undefined);
  const isLocated = located.length === positions.length;
  let isRead = false;
  return {
    read() {
      if (isRead) return null;
      isRead = true;
      for (const failure of failures) context.fail(failure);
      if (rows.length === 0) return null;
      return { rows: rows.map(ownBytes), watermarks, ...(isLocated && { locate: (index: number) => itemAt(located, index) }) };
    },
    position: () => null,
    close: () => {},
  };
}

/** Bytes cannot be frozen: each preview is given its own. */
function ownBytes(row: Row): Row {
  if (!Object.values(row).some((value) => value instanceof Uint8Array)) return row;
  return Object.freeze(copyRow(row));
}

/** What is to be shown: an output port's rows, or what arrives at a sink. */
function wanted({ plan, node, port }: PreviewJob): { readonly schema: Schema; isWanted(node: NodeId, port: string): boolean } {
  const target = plan.nodes.find((candidate) => candidate.id === node) ?? missing(`the node "${node}"`);
  const isSink = target.kind === 'sink';
  const schema = isSink ? Object.values(target.inputs)[0] : target.outputs[port];
  if (schema) return { schema, isWanted: (from, at) => from === node && (isSink || at === port) };
  const hint = port === errorPort ? 'Set its error policy to "send to the error port".' : `Its ports are ${Object.keys(target.outputs).join(', ')}.`;
  throw new MillraceError({ code: 'node/no-port', message: `It has no port "${port}"`, hint, node });
}

/** One bad row must not hide the others: "stop" becomes "skip and report". */
function lenient(plan: PhysicalPlan): PhysicalPlan {
  const nodes = plan.nodes.map((node): PlannedNode => (node.onError === 'stop' ? { ...node, onError: 'skip' } : node));
  return { ...plan, nodes };
}
