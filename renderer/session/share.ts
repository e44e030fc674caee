import { own } from '../../model/text/own.ts';

/**
 * `next`, with every part that equals the same part of `old` taken from `old`: unchanged parts keep their identity, so that memoised
 * components are not drawn again. Plain data only.
 */
export function share<T>(old: unknown, next: T): T {
  if (Object.is(old, next)) return next;
  if (typeof old !== 'object' || typeof next !== 'object' || old === null || next === null || Array.isArray(old) !== Array.isArray(next)) return next;
  const before = old as Record<string, unknown>;
  const after = next as Record<string, unknown>;
  const keys = Object.keys(after);
  let same = keys.length === Object.keys(before).length;
  // A copy that has its keys already: adding thousands of them one by one takes V8 a hundred times as long.
  let result = after;
  for (const key of keys) {
    const was = own(before, key);
    const value = share(was, after[key]);
    if (!Object.is(value, was) || (was === undefined && !Object.hasOwn(before, key))) same = false;
    if (Object.is(value, after[key])) continue;
    if (result === after) result = (Array.isArray(next) ? [...next] : { ...after }) as Record<string, unknown>;
    result[key] = value;
  }
  return (same ? old : result) as T;
}
