import { useCallback, useEffect, useRef, useState } from 'react';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { CheckResult, PreviewResult, Problem } from '../../engine/protocol/messages.ts';
import { memorySource, type PageSource } from '../grid/page-source.ts';
import { editDelayMs } from '../session/checks.ts';
import { session, useSession } from '../session/session.ts';
import { type PreviewTarget, sameParts, upstreamParts } from './targets.ts';
import { measurePainted, takeEditTime } from './timing.ts';

/** The delay before a preview that lost against an older one is requested again: doubled each time. */
const retryDelayMs = 30;
/** Rows that stay visible for longer than this while newer ones are awaited are dimmed. */
const dimDelayMs = 300;

export interface Preview {
  /** The newest rows of this target; they stay while newer ones are awaited or cannot be computed. */
  readonly result: PreviewResult | null;
  readonly source: PageSource | null;
  /** The newest source that had rows: it stays visible while half-typed code makes every row fail. */
  readonly lastRows: PageSource | null;
  /** Why there are no newer rows. */
  readonly problem: Problem | null;
  readonly waiting: boolean;
  /** Waiting for so long that the rows should look outdated. */
  readonly late: boolean;
  /** Call it when the rows of a source are on the page. */
  readonly onDrawn: (source: PageSource) => void;
}

interface Answer {
  readonly key: string;
  readonly result: PreviewResult | null;
  readonly source: PageSource | null;
  readonly lastRows: PageSource | null;
  readonly problem: Problem | null;
}
/** Answers that say nothing about the pipeline: the current rows stay as they are. */
const silent: ReadonlySet<string> = new Set(['cancelled', 'engine/gone']);
/** How often a preview that lost against an older one is requested again: the rows on the page are outdated. */
const supersededTries = 5;

/** The rows of a target, requested again whenever something changes on which they depend. Outdated replies are dropped. */
export function usePreview(target: PreviewTarget | null, limit: number): Preview {
  const key = target ? `${target.node}.${target.port}` : '';
  const ready = useSession((state) => state.engine === 'ready' && state.documentId !== null);
  const documentId = useSession((state) => state.documentId);
  const trusted = useSession((state) => state.trusted);
  const pipeline = useSession((state) => state.pipeline);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [waiting, setWaiting] = useState(false);
  const [late, setLate] = useState(false);
  const newest = useRef(0);
  const started = useRef(new WeakMap<PageSource, { readonly start: number; readonly requestMs: number; readonly result: PreviewResult }>());

  const parts = useRef<readonly unknown[]>([]);
  const now = target ? upstreamParts(pipeline, target.node) : [];
  if (!sameParts(parts.current, now)) parts.current = now;
  const upstream = parts.current;
  const asked = useRef('');

  // The cause may be gone by the next check, though nothing was edited: a slow source, a missing file.
  const isStuck = answer?.key === key && answer.problem !== null;
  const check = useSession((state) => (isStuck ? state.check : null));
  const stuckAt = useRef<CheckResult | null>(null);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (check && stuckAt.current && stuckAt.current !== check) setAgain((count) => count + 1);
    stuckAt.current = check;
  }, [check]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `upstream` stands for the part of the pipeline that counts.
  useEffect(() => {
    const mine = ++newest.current;
    if (!target || !ready || !documentId || !trusted) {
      setWaiting(false);
      return;
    }
    // Another target is requested at once; only edits come in bursts, and only they are timed.
    const isEdit = asked.current === `${key} ${limit}`;
    asked.current = `${key} ${limit}`;
    const edited = takeEditTime();
    setWaiting(true);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (tries: number) => {
      const requested = performance.now();
      try {
        const state = session.state;
        const result = await session.request('preview.read', { documentId, pipeline: state.pipeline, node: target.node, port: target.port, limit });
        if (mine !== newest.current) return;
        const source = memorySource(result.schema.columns, result.rows);
        if (isEdit && edited !== null) started.current.set(source, { start: edited, requestMs: performance.now() - requested, result });
        setAnswer((old) => ({ key, result, source, lastRows: source.total > 0 || old?.key !== key ? source : old.lastRows, problem: null }));
      } catch (error) {
        const problem = problemOf(error);
        if (mine !== newest.current) return;
        if (problem.code === 'preview/superseded' && tries < supersededTries) {
          timer = setTimeout(() => void ask(tries + 1), retryDelayMs * 2 ** tries);
          return;
        }
        if (!silent.has(problem.code))
          setAnswer((old) => (old?.key === key ? { ...old, problem } : { key, result: null, source: null, lastRows: null, problem }));
      }
      setWaiting(false);
    };
    timer = setTimeout(() => void ask(1), isEdit ? editDelayMs() : 0);
    return () => {
      // The request that replaces this one must not be overtaken by it.
      newest.current++;
      clearTimeout(timer);
    };
  }, [key, limit, upstream, ready, documentId, trusted, again]);

  useEffect(() => {
    setLate(false);
    if (!waiting) return;
    const timer = setTimeout(() => setLate(true), dimDelayMs);
    return () => clearTimeout(timer);
  }, [waiting]);

  const onDrawn = useCallback((source: PageSource) => {
    const timing = started.current.get(source);
    if (!timing) return;
    started.current.delete(source);
    measurePainted(timing.start, { rows: source.total, requestMs: timing.requestMs, engineMs: timing.result.elapsedMs });
  }, []);

  const { result = null, source = null, lastRows = null, problem = null } = answer?.key === key ? answer : {};
  return { result, source, lastRows, problem, waiting, late, onDrawn };
}
