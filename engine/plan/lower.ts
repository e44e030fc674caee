/** From nodes to operations. */
import type { NodeDefinition } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op, OpTraits } from '@millrace/kit/ops';
import type { Params } from '@millrace/kit/params';
import type { Schema } from '../../model/values/types.ts';

type Schemas = { readonly [port: string]: Schema | null };

/** The operation of a transform with these params; null for sources and sinks. Total: a node that has none under invalid params does nothing. */
export function lower(definition: NodeDefinition, params: Params, inputs: Schemas): Op | null {
  if (definition.kind !== 'transform') return null;
  const known = Object.fromEntries(definition.inputs.map(({ name }) => [name, inputs[name] ?? { columns: [] }]));
  try {
    return definition.lower({ params, inputs: known });
  } catch {
    return { op: 'native', why: 'Its params are not valid.', traits: traitsOf({ op: 'flatten' }) };
  }
}

/** What is derived from what a node does. */
export function traitsOfNode(definition: NodeDefinition | undefined, params: Params, inputs: Schemas): OpTraits | null {
  const op = definition && lower(definition, params, inputs);
  return op ? traitsOf(op) : null;
}
