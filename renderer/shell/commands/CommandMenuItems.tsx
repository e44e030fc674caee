import { Menu } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useSession } from '../../session/session.ts';
import { isEnabled, labelOf } from './command.ts';
import { commandOf, runCommand } from './registry.ts';
import { showShortcut } from './shortcut.ts';

/** Commands as entries of an open menu; null is a divider. */
export function CommandMenuItems({ entries }: { readonly entries: readonly (string | null)[] }) {
  const state = useSession();
  return entries.map((name, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: dividers have nothing else, and the list does not change.
    if (name === null) return <Menu.Divider key={`divider ${index}`} />;
    const command = commandOf(name);
    const isChecked = command.checked?.(state);
    const Drawn = isChecked ? IconCheck : command.checked ? null : command.icon;
    return (
      <Menu.Item
        key={name}
        data-command={name}
        title={command.help}
        disabled={!isEnabled(command, state)}
        leftSection={Drawn ? <Drawn size={15} stroke={1.6} /> : <span className="icon-space" />}
        rightSection={command.shortcuts?.[0] ? <kbd className="keys">{showShortcut(command.shortcuts[0])}</kbd> : undefined}
        role={command.checked ? 'menuitemcheckbox' : 'menuitem'}
        aria-checked={command.checked ? Boolean(isChecked) : undefined}
        onClick={() => void runCommand(name)}
      >
        {labelOf(command, state)}
      </Menu.Item>
    );
  });
}
