/** The ports that operations read and write, by their names. */
import type { OperatorContext } from '@millrace/kit/node';
import { InternalFault } from '../../model/faults/missing.ts';
import type { Schema } from '../../model/values/types.ts';

type Ports<In extends string> = OperatorContext<{ readonly [Name in In]: Schema }, { readonly [port: string]: Schema; readonly rows: Schema }>;
export type RowsContext = Ports<'rows'>;
export type LookupContext = Ports<'rows' | 'lookup'>;
export type PairContext = Ports<'left' | 'right'>;

/** Throws where the node that has the operation does not have its ports. */
export function expectPorts<In extends string>(what: string, context: OperatorContext, ...names: readonly In[]): asserts context is Ports<In> {
  const { inputs, outputs } = context;
  const absent = names.find((name) => !inputs[name]);
  if (absent !== undefined) throw new InternalFault(`The operation "${what}" reads the input "${absent}", which its node does not have`);
  // A filter has two outputs, whatever their names.
  if (what !== 'filter' && !outputs['rows']) throw new InternalFault(`The operation "${what}" writes to the output "rows", which its node does not have`);
}
