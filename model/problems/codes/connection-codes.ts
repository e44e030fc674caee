/** Codes of connections and their secrets. */
import { type CodeTable, permanent } from './behaviour.ts';

export const connectionCodes = {
  'connection/missing': permanent('A node has no connection to the system that it reads or writes.', 'Choose one in the form of the node, or make one.'),
} as const satisfies CodeTable;
