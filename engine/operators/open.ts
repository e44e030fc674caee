/** How each operation is done in a thread of this machine. */

import { type Loaded, loaded } from '@millrace/kit/loaded';
import type { Operator, OperatorContext } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import { expectPorts, type RowsContext } from './ports.ts';
import { assigningTime } from './rows/assigning-time.ts';
import { computing } from './rows/computing.ts';
import { exploding } from './rows/exploding.ts';
import { extracting } from './rows/extracting.ts';
import { filtering } from './rows/filtering.ts';
import { flattening } from './rows/flattening.ts';
import { mapping } from './rows/mapping.ts';
import { parsing } from './rows/parsing.ts';
import { projecting } from './rows/projecting.ts';
import { replacing } from './rows/replacing.ts';
import { splitting } from './rows/splitting.ts';
import { taking } from './rows/taking.ts';
import { unpivoting } from './rows/unpivoting.ts';

/** What is more than a loop over rows is loaded for plans that have it. */
const group = loaded(() => import('./group/operators.ts'));
const join = loaded(() => import('./join/operators.ts'));
const keyed = loaded(() => import('./keyed/operators.ts'));
const order = loaded(() => import('./order/ordering.ts'));

const partOf: { readonly [kind in Op['op']]: Loaded | null } = {
  filter: null,
  project: null,
  compute: null,
  flatMap: null,
  flatten: null,
  take: null,
  parse: null,
  split: null,
  extract: null,
  replace: null,
  explode: null,
  unpivot: null,
  assignTime: null,
  native: null,
  order,
  stateful: keyed,
  lag: keyed,
  anomaly: keyed,
  fill: keyed,
  rateLimit: keyed,
  everyNth: keyed,
  sample: keyed,
  distinct: keyed,
  lookup: join,
  coGroup: join,
  combine: group,
  pivot: group,
  runningAggregate: group,
  top: group,
};
export const operations = Object.keys(partOf) as readonly Op['op'][];

/** Loads what these operations take: to be awaited before one of them is opened. */
export async function loadOperators(kinds: readonly Op['op'][]): Promise<void> {
  await Promise.all(kinds.map((kind) => partOf[kind]?.load()));
}

/** Throws where it was not loaded. `native`: what a node does by itself. */
export function openOperator(op: Op, context: OperatorContext, native: () => Operator): Operator {
  switch (op.op) {
    case 'native':
      return native();
    case 'lookup':
      expectPorts(op.op, context, 'rows', 'lookup');
      return op.versions ? join().lookingUpVersions(op, op.versions, context) : join().lookingUp(op, context);
    case 'coGroup':
      expectPorts(op.op, context, 'left', 'right');
      return join().streamJoining(op, context);
    default:
      expectPorts(op.op, context, 'rows');
      return overRows(op, context);
  }
}

type OverRows = Exclude<Op, { readonly op: 'native' | 'lookup' | 'coGroup' }>;
function overRows(op: OverRows, context: RowsContext): Operator {
  switch (op.op) {
    case 'filter':
      return filtering(op, context);
    case 'project':
      return projecting(op);
    case 'compute':
      return computing(op, context);
    case 'flatMap':
      return mapping(op, context);
    case 'flatten':
      return flattening(context);
    case 'take':
      return taking(op, context);
    case 'order':
      return order().ordering(op, context);
    case 'parse':
      return parsing(op, context);
    case 'split':
      return splitting(op, context);
    case 'extract':
      return extracting(op, context);
    case 'replace':
      return replacing(op, context);
    case 'explode':
      return exploding(op, context);
    case 'unpivot':
      return unpivoting(op, context);
    case 'stateful':
      return keyed().keyedSteps(op, context);
    case 'lag':
      return keyed().lagging(op, context);
    case 'anomaly':
      return keyed().scoring(op, context);
    case 'fill':
      return keyed().filling(op, context);
    case 'rateLimit':
      return keyed().limiting(op, context);
    case 'everyNth':
      return keyed().thinning(op, context);
    case 'sample':
      return keyed().sampling(op, context);
    case 'distinct':
      return keyed().deduping(op, context);
    case 'assignTime':
      return assigningTime(op, context);
    case 'combine':
      return group().combining(op, context);
    case 'pivot':
      return group().pivoting(op, context);
    case 'runningAggregate':
      return group().runningAggregation(op, context);
    case 'top':
      return group().ranking(op, context);
  }
}
