/** How each operation is done in a thread of this machine. */
import type { Operator, OperatorContext } from '../../kit/node.ts';
import type { Op } from '../../kit/ops.ts';
import { combining } from './group/combining.ts';
import { pivoting } from './group/pivoting.ts';
import { ranking } from './group/ranking.ts';
import { runningAggregation } from './group/running-aggregation.ts';
import { ordering } from './order/ordering.ts';
import { computing } from './rows/computing.ts';
import { filtering } from './rows/filtering.ts';
import { flattening } from './rows/flattening.ts';
import { mapping } from './rows/mapping.ts';
import { projecting } from './rows/projecting.ts';
import { taking } from './rows/taking.ts';

/** `native`: what a node does by itself. */
export function openOperator(op: Op, context: OperatorContext, native: () => Operator): Operator {
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

    case 'combine':
      return combining(op, context);
    case 'pivot':
      return pivoting(op, context);
    case 'runningAggregate':
      return runningAggregation(op, context);
    case 'top':
      return ranking(op, context);

    case 'native':
      return native();
  }
}
