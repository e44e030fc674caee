import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../../engine/protocol/connection.ts';
import type { Problem } from '../../../engine/protocol/messages.ts';
import { session } from '../../session/session.ts';
import type { Draft } from './draft.ts';

export type Trial =
  | { readonly state: 'running' }
  | { readonly state: 'ok'; readonly message: string; readonly at: number }
  | { readonly state: 'failed'; readonly problem: Problem; readonly at: number };

/** By name: how the last trial of a connection went. Kept while the page is open. */
const known = new Map<string, Trial>();
const keyOf = (name: string) => `${session.state.documentId} ${session.state.connections?.environment} ${name}`;

/** Trials of connections. Those that are under way end with the dialog. */
export function useTrials() {
  const [, redraw] = useState(0);
  const running = useRef(new Map<string, AbortController>());
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const stop of all.values()) stop.abort();
    };
  }, []);
  const set = (name: string, trial: Trial | null) => {
    if (trial) known.set(keyOf(name), trial);
    else known.delete(keyOf(name));
    redraw((count) => count + 1);
  };
  return {
    of: (name: string): Trial | null => known.get(keyOf(name)) ?? null,
    forget: (name: string) => set(name, null),
    cancel(name: string) {
      running.current.get(name)?.abort();
      set(name, null);
    },
    async start({ name, type, params, texts }: Draft, typeVersion: number) {
      const { documentId } = session.state;
      if (!documentId) return;
      const stop = new AbortController();
      running.current.get(name)?.abort();
      running.current.set(name, stop);
      set(name, { state: 'running' });
      try {
        const { message } = await session.request('connections.test', { documentId, name, type, typeVersion, params, texts }, { signal: stop.signal });
        if (!stop.signal.aborted) set(name, { state: 'ok', message, at: Date.now() });
      } catch (error) {
        if (!stop.signal.aborted) set(name, { state: 'failed', problem: problemOf(error), at: Date.now() });
      }
    },
  };
}
