import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { IconDatabase, IconFileText, IconFolderShare } from '@tabler/icons-react';
import type { RunOutput } from '../../engine/protocol/messages.ts';
import { rowsOf } from '../../engine/protocol/run-outputs.ts';
import { visible } from '../../model/text/visible-text.ts';

import { countText, rowsText } from '../format/value-text.ts';
import { session, useSession } from '../session/session.ts';
import { fileName } from './queries.ts';
import styles from './Results.module.css';

const none: readonly RunOutput[] = [];

/** The outputs of the run: databases to look into, files with their place. */
export function OutputList({ path }: { readonly path: string | null }) {
  const outputs = useSession((state) => state.run?.outputs ?? none);
  const named = outputs.filter((output): output is RunOutput & { path: string } => output.path !== undefined);
  const byPath = [...new Map(named.map((output) => [output.path, output])).values()];
  if (byPath.length === 0) return null;
  return (
    <>
      <h2 className={styles.heading}>Outputs of the run</h2>
      <ul className={styles.items} aria-label="Outputs of the run">
        {byPath.map((output) => {
          const rows = named.filter((other) => other.path === output.path).reduce((sum, other) => sum + rowsOf(other).written, 0);
          const isDatabase = output.kind === 'sqlite';
          const title = `${visible(output.path)}\n${output.committed ? `${rowsText(rows)} written` : 'nothing was written: the file is unchanged'}`;
          const content = (
            <>
              {isDatabase ? <IconDatabase size={14} stroke={1.6} /> : <IconFileText size={14} stroke={1.6} />}
              <span className={styles.name}>{visible(fileName(output.path))}</span>
              <span className={styles.count}>{output.committed ? countText(rows) : 'not written'}</span>
            </>
          );
          return (
            <li key={output.path} style={{ display: 'flex', alignItems: 'center' }}>
              {isDatabase ? (
                <UnstyledButton className={styles.item} title={title} aria-current={output.path === path} onClick={() => session.showResult(output.path)}>
                  {content}
                </UnstyledButton>
              ) : (
                <span className={styles.item} title={title}>
                  {content}
                </span>
              )}
              {window.desktop && (
                <Tooltip label="Show in folder">
                  <ActionIcon
                    size={22}
                    aria-label={`Show ${visible(fileName(output.path))} in folder`}
                    onClick={() => window.desktop?.showInFolder(output.path)}
                  >
                    <IconFolderShare size={14} stroke={1.6} />
                  </ActionIcon>
                </Tooltip>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
