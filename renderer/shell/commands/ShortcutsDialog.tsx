import { Modal } from '@mantine/core';
import { session } from '../../session/session.ts';
import { showDialog } from '../dialogs.tsx';
import { type Command, labelOf } from './command.ts';
import { showShortcut } from './shortcut.ts';

const areas: readonly [string, string][] = [
  ['file', 'File'],
  ['edit', 'Edit'],
  ['insert', 'Edit'],
  ['arrange', 'Edit'],
  ['move', 'Canvas'],
  ['select', 'Canvas'],
  ['view', 'View'],
  ['run', 'Run'],
  ['help', 'Help'],
];

/** Made from the commands: a shortcut cannot be missing here. */
export function showShortcuts(commands: readonly Command[]): Promise<null> {
  return showDialog<null>((close) => {
    const groups = new Map<string, readonly Command[]>();
    for (const [prefix, title] of areas) {
      const found = commands.filter((command) => command.name.startsWith(`${prefix}.`) && command.shortcuts);
      groups.set(title, [...(groups.get(title) ?? []), ...found]);
    }
    // Without the name of the step that can be undone now.
    const anyTime = { ...session.state, undoLabel: null, redoLabel: null };
    return (
      <Modal opened onClose={() => close(null)} title="Keyboard shortcuts" size={760}>
        <div className="shortcut-columns">
          {[...groups].map(([title, members]) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {members.map((command) => (
                  <div key={command.name}>
                    <dt>{labelOf(command, anyTime)}</dt>
                    <dd>
                      {command.shortcuts?.map((shortcut) => (
                        <kbd className="keys" key={shortcut}>
                          {showShortcut(shortcut)}
                        </kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </Modal>
    );
  });
}
