/**
 * The protocol between the keeper of one run and its attached clients: hosts, the command line. Whoever can open the keeper's socket is the
 * same user, and may do with the run what its starter may; input is parsed all the same.
 */
import { z } from 'zod';
import type { Schema } from '../../model/values/types.ts';
import type { Cells, LogLine, RunSummary } from './messages.ts';
import { stopModes } from './run-api.ts';

export const keeperParams = {
  /** The current state of the run; its events follow. */
  attach: z.object({}),
  stop: z.object({ how: z.enum(stopModes) }),
  pause: z.object({}),
  resume: z.object({}),
  checkpoint: z.object({}),
  inspect: z.object({ node: z.string().max(1000), limit: z.number().int().min(1).max(10_000), port: z.string().max(1000).optional() }),
} as const;

type Params = { readonly [K in keyof typeof keeperParams]: z.infer<(typeof keeperParams)[K]> };

export interface KeptRun {
  readonly summary: RunSummary;
  readonly logs: readonly LogLine[];
  /** In the order of the plan. */
  readonly nodes: readonly { readonly id: string; readonly title: string; readonly kind: 'source' | 'transform' | 'sink' }[];
}
export interface KeeperProtocol {
  readonly requests: {
    readonly attach: { readonly params: Params['attach']; readonly result: KeptRun };
    readonly stop: { readonly params: Params['stop']; readonly result: null };
    readonly pause: { readonly params: Params['pause']; readonly result: null };
    readonly resume: { readonly params: Params['resume']; readonly result: null };
    readonly checkpoint: { readonly params: Params['checkpoint']; readonly result: { readonly id: number } };
    readonly inspect: { readonly params: Params['inspect']; readonly result: { readonly schema: Schema; readonly rows: readonly Cells[] } };
  };
  readonly events: {
    readonly changed: RunSummary;
    readonly logged: LogLine;
  };
}
