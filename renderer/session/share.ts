import { own } from '../../engine/schema/own.ts';

/**
 * `next`, with every part that equals the same part of `old` taken from `old`: what did not change keeps its identity, so that
 * memoised components stay as they are. Plain data only.
 */
export function share<T>(old: unknown, next: T): T {
  if (Object.is(old, next)) return next;
  if (typeof old !== 'object' || typeof next !== 'object' || old === null || next === null || Array.isArray(old) !== Array.isArray(next)) return next;
  const before = old as Record<string, unknown>;
  const after = next as Record<string, unknown>;
  const keys = Object.keys(after);
  let same = keys.length === Object.keys(before).length;
  const result: Record<string, unknown> = Array.isArray(next) ? ([] as unknown as Record<string, unknown>) : {};
  for (const key of keys) {
    result[key] = share(own(before, key), after[key]);
    if (!Object.is(result[key], own(before, key)) || !Object.hasOwn(before, key)) same = false;
  }
  return (same ? old : result) as T;
}
