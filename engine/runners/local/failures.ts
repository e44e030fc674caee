import type { RowFailure } from '@millrace/kit/node';
import { behaviourOf, mayPass } from '../../../model/problems/behaviour-of.ts';
import { MillraceError, type Problem, type RowPosition } from '../../../model/problems/problem.ts';
import { systemProblem } from '../../../model/problems/system-errors.ts';
import { encodeBase64 } from '../../../model/values/base64.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import { errorPort, type NodeId } from '../../document/pipeline.ts';
import type { PlannedNode } from '../../protocol/physical-plan.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { NodeCounters } from './counters.ts';

/** Finding the place in the code costs many times what a row does: the first failures of a node have it, which is all that anybody reads. */
const placedFailures = 1000;

/** The rows that one node could not handle: counted, told, and sent on or fatal as the node's policy says. */
export class Failures {
  readonly #node: PlannedNode;
  readonly #counters: NodeCounters;
  readonly #onFailure: (problem: Problem, row: Row | undefined) => void;
  /** Rows of the `errors` port that wait to be sent; see error-schema.ts. */
  #rows: Row[] = [];
  /** Of a node with several inputs, the one whose rows are worked on. */
  port: string | null = null;

  constructor(node: PlannedNode, counters: NodeCounters, onFailure: (problem: Problem, row: Row | undefined) => void) {
    this.#node = node;
    this.#counters = counters;
    this.#onFailure = onFailure;
  }

  /**
   * Under the policy "stop" throws the MillraceError that ends the run. So does under every policy what lies around the pipeline (a
   * server that is away, a full disk): it is no fault of the row, which the next attempt takes up.
   */
  add({ misfits: _, ...failure }: RowFailure): void {
    const { onError, id } = this.#node;
    if (mayPass(behaviourOf({ code: failure.code, behaviour: failure.behaviour }))) throw new MillraceError({ ...failure, row: undefined, node: id });
    this.#counters.failed++;
    const problem: Problem = { severity: 'error', ...failure, node: id };
    if (onError === 'stop') throw new MillraceError(problem);
    this.#onFailure(problem, failure.row);
    // In a preview nobody keeps them.
    if (onError === 'route' || (onError === 'keep' && this.#node.outputs[errorPort])) {
      this.#rows.push(onError === 'keep' ? { ...errorRow(id, failure), port: this.port } : errorRow(id, failure));
    }
  }

  /** Counts and tells, and ends nothing: see `SourceContext.refuse`. */
  refuse(failure: RowFailure): void {
    this.#counters.failed++;
    this.#onFailure({ severity: 'error', ...failure, node: this.#node.id }, failure.row);
  }

  /** What a row-by-row operator threw, as a failure of its row. `field` is the param whose code was running, if any was. */
  addThrown(thrown: unknown, sandbox: Sandbox, row: Row, field: string | undefined, position: RowPosition | undefined): void {
    const isPlaced = this.#node.onError === 'stop' || this.#counters.failed < placedFailures || field === undefined;
    const found: Omit<Problem, 'severity'> = thrown instanceof MillraceError ? thrown.problem : this.#explain(thrown, sandbox, isPlaced, field !== undefined);
    const { code, behaviour, retryAfterMs, message, hint, range, fix } = found;
    this.add({ code, behaviour, retryAfterMs, message, hint, field: found.field ?? field, range, fix, row, position });
  }

  /** What users' code throws is not looked at: it may be a proxy, which would run code of its own. */
  #explain(thrown: unknown, sandbox: Sandbox, isPlaced: boolean, isOfCode: boolean): Omit<Problem, 'severity'> {
    const explained = sandbox.explain(thrown, { place: isPlaced });
    return (isOfCode || explained.range ? null : systemProblem(thrown)) ?? explained;
  }

  /** Error rows since the last call, or null. */
  take(): Row[] | null {
    if (this.#rows.length === 0) return null;
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }
}

function errorRow(node: NodeId, { code, message, field, position, row }: RowFailure): Row {
  const line = position?.toLine === undefined ? (position?.line ?? null) : null;
  return { error: message, code, node, field: field ?? null, source: position?.source ?? null, line, row: row ? asJson(row) : null };
}

/** JSON cannot hold bytes: they are written as they travel in the protocol. */
function asJson(row: Row): Json {
  const hasBytes = Object.values(row).some((value) => value instanceof Uint8Array);
  if (!hasBytes) return row as { [column: string]: Json };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? { $bytes: encodeBase64(value) } : value]));
}
