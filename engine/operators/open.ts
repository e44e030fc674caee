/** How each operation is done in a thread of this machine. */
import type { Operator, OperatorContext } from '../../kit/node.ts';
import type { Op } from '../../kit/ops.ts';
import { lookingUp } from './join/lookup.ts';
import { lookingUpVersions } from './join/lookup-versions.ts';
import { streamJoining } from './join/stream-join.ts';
import { deduping } from './keyed/deduping.ts';
import { ordering } from './order/ordering.ts';
import { assigningTime } from './rows/assigning-time.ts';
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

    case 'distinct':
      return deduping(op, context);
    case 'lookup':
      return op.versions ? lookingUpVersions(op, op.versions, context) : lookingUp(op, context);
    case 'coGroup':
      return streamJoining(op, context);
    case 'assignTime':
      return assigningTime(op, context);

    case 'native':
      return native();
  }
}
