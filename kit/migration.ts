import type { Json } from '../model/values/types.ts';

/** Brings the params of a node or connection that was saved at an earlier version up to date. */
export interface Migration {
  /** The version that it leads to: 2 for the first. */
  readonly to: number;
  readonly name: string;
  migrate(params: { readonly [name: string]: Json }): { readonly [name: string]: Json };
}
