// biome-ignore-all lint/suspicious/noArrayIndexKey: dividers have no identity but their place.

import { Button } from '@mantine/core';
import { titleOf } from '../graph/flow.ts';
import { selectionText } from '../graph/selection-text.ts';
import { usePipeline, useSession } from '../session/session.ts';
import { isEnabled, labelOf } from '../shell/commands/command.ts';
import { contextMenus } from '../shell/commands/menus.ts';
import { commandOf, runCommand } from '../shell/commands/registry.ts';
import styles from './form/Inspector.module.css';

/** Several things are selected: lists them, with the commands for all of them. */
export function SelectionInspector() {
  const selection = useSession((state) => state.selection);
  const { nodes } = selection;
  const pipeline = usePipeline();
  const state = useSession();
  return (
    <>
      <header className={styles.header}>
        <div className={styles.headerText}>
          <div className={styles.title}>{selectionText(selection)}</div>
          <div className={styles.identity}>
            <span className={styles.summary}>{nodes.map((id) => titleOf(id, pipeline.nodes[id], state.catalogue)).join(', ')}</span>
          </div>
        </div>
      </header>
      <div className={styles.content}>
        <div className={styles.actions}>
          {contextMenus.nodes.map((name, index) => {
            if (name === null) return <div key={index} className={styles.divider} />;
            const command = commandOf(name);
            const Icon = command.icon;
            return (
              <Button
                key={name}
                variant="subtle"
                color="gray"
                justify="flex-start"
                leftSection={Icon ? <Icon size={15} stroke={1.6} /> : <span style={{ width: 15 }} />}
                disabled={!isEnabled(command, state)}
                onClick={() => void runCommand(name)}
              >
                {labelOf(command, state)}
              </Button>
            );
          })}
        </div>
      </div>
    </>
  );
}
