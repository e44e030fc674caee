import type { Call } from './known-calls.ts';

/** The helper library's functions by name, with what they give. */
export const snippetCalls: ReadonlyMap<string, Call> = new Map();
