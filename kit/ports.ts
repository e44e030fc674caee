/**
 * The ports of a node, and maps by their names: typed from the node's declaration, so that `inputs.rows` exists and `inputs.rwos` does not
 * compile.
 */
import type { Schema } from '../model/values/types.ts';

export interface Port {
  /** A short lower-case word: `rows`, `lookup`, `rest`. */
  readonly name: string;
  readonly label?: string;
  /** Inputs only: takes any number of edges; otherwise one. */
  readonly many?: boolean;
  /** Inputs only: may stay unconnected. Outputs may always. */
  readonly optional?: boolean;
  /** Outputs only: receives the rows that arrived too late to count. Their number is a metric of the node. */
  readonly late?: boolean;
  /** Outputs only: no row leaves here while a param has one of these values. The editor then shows the port only if an edge uses it. */
  readonly absentWhen?: { readonly param: string; readonly is: readonly (string | number | boolean | null)[] };
}
export type Ports = readonly Port[];
export type PortName<P extends Ports> = P[number]['name'];
type OptionalName<P extends Ports> = Extract<P[number], { readonly optional: true }>['name'];

/** One for each port. */
export type ByPort<P extends Ports, T> = { readonly [Name in PortName<P>]: T };
/** For a running node: an optional port has none while nothing is connected. */
export type PortSchemas<P extends Ports> = { readonly [Name in Exclude<PortName<P>, OptionalName<P>>]: Schema } & {
  readonly [Name in OptionalName<P>]?: Schema;
};
