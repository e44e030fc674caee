import { useCallback, useEffect, useRef, useState } from 'react';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { Problem, QueryResult, Table } from '../../engine/protocol/messages.ts';
import type { PageSource } from '../grid/page-source.ts';
import { session, useSession } from '../session/session.ts';
import { firstPage, querySource, tableQuery } from './queries.ts';

export interface Answer {
  readonly sql: string;
  readonly result: QueryResult;
  readonly source: PageSource;
}
export interface ResultFile {
  /** Null until the file has been read. */
  readonly tables: readonly Table[] | null;
  readonly sql: string;
  readonly setSql: (sql: string) => void;
  /** Runs a statement, by default the current one; its rows replace the old ones when they arrive. */
  readonly run: (sql?: string) => void;
  readonly running: boolean;
  readonly answer: Answer | null;
  /** Why the last statement, or reading the file, failed. */
  readonly problem: Problem | null;
}

/** A SQLite file with its tables and one statement at a time. It is read again when a run has ended. */
export function useResult(path: string): ResultFile {
  const [tables, setTables] = useState<readonly Table[] | null>(null);
  const [sql, setSql] = useState('');
  const [running, setRunning] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ready = useSession((state) => state.engine === 'ready');
  const ended = useSession((state) => state.run?.endedAt ?? null);
  const newest = useRef(0);
  const written = useRef(sql);
  written.current = sql;

  const run = useCallback(
    async (statement: string = written.current) => {
      if (statement.trim() === '') return;
      const mine = ++newest.current;
      setSql(statement);
      setRunning(true);
      const read = (offset: number, limit: number) => session.request('result.query', { path, sql: statement, offset, limit });
      try {
        const result = await read(0, firstPage);
        if (mine !== newest.current) return;
        setAnswer({ sql: statement, result, source: querySource(result, read) });
        setProblem(null);
      } catch (error) {
        if (mine !== newest.current) return;
        setProblem(problemOf(error));
      }
      setRunning(false);
    },
    [path],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of a run means new rows in the file.
  useEffect(() => {
    if (!ready) return;
    let gone = false;
    session.request('result.tables', { path }).then(
      (found) => {
        if (gone) return;
        setTables(found);
        setProblem(null);
        if (written.current.trim() !== '') void run();
        else if (found[0]) void run(tableQuery(found[0].name));
      },
      (error) => gone || setProblem(problemOf(error)),
    );
    return () => {
      gone = true;
    };
  }, [path, ready, ended, run]);

  return { tables, sql, setSql, run: (statement) => void run(statement), running, answer, problem };
}
