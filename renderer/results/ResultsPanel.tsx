import { Button, UnstyledButton } from '@mantine/core';
import { IconPlayerPlay, IconTable } from '@tabler/icons-react';
import { visible } from '../../model/text/visible-text.ts';
import { LazyCodeEditor } from '../code-editor/LazyCodeEditor.tsx';
import { countText, elapsedText, rowsText } from '../format/value-text.ts';
import { DataGrid } from '../grid/DataGrid.tsx';
import { useSession } from '../session/session.ts';
import { EmptyState } from '../shell/EmptyState.tsx';
import { ProblemBar } from '../shell/problems/ProblemBar.tsx';
import { OutputList } from './OutputList.tsx';
import { tableQuery } from './queries.ts';
import styles from './Results.module.css';
import { useResult } from './use-result.ts';

/** What a run has written (by default its first database): the tables of a SQLite file, to be viewed and queried, and the other outputs by name. */
export default function ResultsPanel() {
  const path = useSession((state) => state.resultPath);
  const outputs = useSession((state) => state.run?.outputs.length ?? 0);
  const written = useSession((state) => state.run?.outputs.find((output) => output.kind === 'sqlite' && output.committed)?.path ?? null);
  const shown = path ?? written;
  if (shown !== null) return <Database key={shown} path={shown} />;
  return (
    <section className={styles.panel} aria-label="Results">
      {outputs > 0 && (
        <div className={styles.side}>
          <OutputList path={null} />
        </div>
      )}
      <div className={styles.main}>
        {outputs > 0 ? (
          <EmptyState title="Choose an output" text="Databases open here; for other files the list shows where they are." />
        ) : (
          <EmptyState title="No results yet" text="Run a pipeline that ends in a SQLite table: its rows can be queried here." />
        )}
      </div>
    </section>
  );
}

function Database({ path }: { readonly path: string }) {
  const { tables, sql, setSql, run, running, answer, problem } = useResult(path);
  return (
    <section className={styles.panel} aria-label="Results">
      <div className={styles.side}>
        <h2 className={styles.heading}>Tables</h2>
        <ul className={styles.items} aria-label="Tables">
          {tables?.map((table) => (
            <li key={table.name}>
              <UnstyledButton
                className={styles.item}
                aria-current={answer?.sql === tableQuery(table.name)}
                title={table.columns.map((column) => visible(`${column.name} ${column.type}`.trim())).join('\n')}
                onClick={() => run(tableQuery(table.name))}
              >
                <IconTable size={14} stroke={1.6} />
                <span className={styles.name}>{visible(table.name)}</span>
                {table.rows !== null && <span className={styles.count}>{countText(table.rows)}</span>}
              </UnstyledButton>
            </li>
          ))}
        </ul>
        {tables?.length === 0 && <p className={styles.heading}>The file contains no tables.</p>}
        <OutputList path={path} />
      </div>
      <div className={styles.main}>
        <div className={styles.query}>
          <div className={styles.sql}>
            <LazyCodeEditor
              modelKey={`result ${path}`}
              kind="sql"
              size="query"
              label="SQL"
              value={sql}
              schema={null}
              problems={[]}
              onChange={setSql}
              onSubmit={() => run()}
            />
          </div>
          <Button variant="default" loading={running} leftSection={<IconPlayerPlay size={13} />} title="Run the statement (Ctrl+Enter)" onClick={() => run()}>
            Query
          </Button>
        </div>
        {problem && <ProblemBar problems={[problem]} />}
        {answer ? (
          answer.source.total > 0 ? (
            <DataGrid source={answer.source} label="Rows of the query" layoutKey={answer.sql} dimmed={problem !== null} />
          ) : (
            <EmptyState title="No rows" text="The statement returned none." />
          )
        ) : (
          !problem && <EmptyState title={tables ? 'Write a statement or choose a table' : 'Opening…'} />
        )}
        <div className={styles.status}>
          {answer && <span>{answer.result.total === null ? `first ${rowsText(answer.source.total)}` : rowsText(answer.result.total)}</span>}
          {answer && <span>{elapsedText(answer.result.elapsedMs)}</span>}
          <span className={styles.path} title={visible(path)}>
            {visible(path)}
          </span>
        </div>
      </div>
    </section>
  );
}
