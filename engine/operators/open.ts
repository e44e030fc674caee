/** How each operation is done in a thread of this machine. */
import type { Operator, OperatorContext } from '../../kit/node.ts';
import type { Op } from '../../kit/ops.ts';
import { combining } from './group/combining.ts';
import { pivoting } from './group/pivoting.ts';
import { ranking } from './group/ranking.ts';
import { runningAggregation } from './group/running-aggregation.ts';
import { lookingUp } from './join/lookup.ts';
import { lookingUpVersions } from './join/lookup-versions.ts';
import { streamJoining } from './join/stream-join.ts';
import { deduping } from './keyed/deduping.ts';
import { filling } from './keyed/filling.ts';
import { keyedSteps } from './keyed/keyed-steps.ts';
import { lagging } from './keyed/lagging.ts';
import { limiting, sampling, thinning } from './keyed/limiting.ts';
import { scoring } from './keyed/scoring.ts';
import { ordering } from './order/ordering.ts';
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

/** `native`: what a node does by itself. */
export function openOperator(op: Op, context: OperatorContext, native: () => Operator): Operator {
  switch (op.op) {
    case 'native':
      return native();
    case 'lookup':
      expectPorts(op.op, context, 'rows', 'lookup');
      return op.versions ? lookingUpVersions(op, op.versions, context) : lookingUp(op, context);
    case 'coGroup':
      expectPorts(op.op, context, 'left', 'right');
      return streamJoining(op, context);
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
      return ordering(op, context);
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
      return keyedSteps(op, context);
    case 'lag':
      return lagging(op, context);
    case 'anomaly':
      return scoring(op, context);
    case 'fill':
      return filling(op, context);
    case 'rateLimit':
      return limiting(op, context);
    case 'everyNth':
      return thinning(op, context);
    case 'sample':
      return sampling(op, context);
    case 'distinct':
      return deduping(op, context);
    case 'assignTime':
      return assigningTime(op, context);
    case 'combine':
      return combining(op, context);
    case 'pivot':
      return pivoting(op, context);
    case 'runningAggregate':
      return runningAggregation(op, context);
    case 'top':
      return ranking(op, context);
  }
}
