import type { Answers } from './handlers.ts';
import type { Results } from './results.ts';

/** Result databases, read-only. */
export function resultHandlers(results: Results): Answers<'result.tables' | 'result.query'> {
  return {
    'result.tables': ({ path }, signal) => results.tables(path, signal),
    'result.query': ({ path, sql, offset, limit }, signal) => results.query(path, sql, offset, limit, signal),
  };
}
