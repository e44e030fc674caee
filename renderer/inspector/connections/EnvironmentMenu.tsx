import { Button, Menu, TextInput } from '@mantine/core';
import { IconCheck, IconChevronDown, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { visible } from '../../../model/text/visible-text.ts';
import { editConnections } from '../../session/connections.ts';
import { useSession } from '../../session/session.ts';
import { notifyError } from '../../shell/notify.ts';
import styles from './Connections.module.css';

/** The environment that is shown and used, and the ways to make and remove one. */
export function EnvironmentMenu({ canWrite }: { readonly canWrite: boolean }) {
  const environments = useSession((state) => state.connections?.environments);
  const chosen = useSession((state) => state.connections?.environment ?? null);
  const [name, setName] = useState<string | null>(null);
  const change = async (environment: string | null, edit?: 'add' | 'remove') => {
    try {
      await editConnections('connections.environment', { environment, ...(edit && { edit }) });
      setName(null);
    } catch (error) {
      notifyError(error, 'The environment was not changed');
    }
  };
  if (name !== null) {
    return (
      <form
        className={styles.newEnvironment}
        onSubmit={(event) => {
          event.preventDefault();
          void change(name.trim(), 'add');
        }}
      >
        <TextInput
          size="xs"
          autoFocus
          value={name}
          maxLength={64}
          placeholder="prod"
          aria-label="Name of the environment"
          spellCheck={false}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            setName(null);
          }}
        />
        <Button type="submit" size="compact-xs" disabled={name.trim() === ''}>
          Add
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => setName(null)}>
          Cancel
        </Button>
      </form>
    );
  }
  const option = (environment: string | null, label: string) => (
    <Menu.Item
      key={label}
      leftSection={<IconCheck size={14} visibility={environment === chosen ? undefined : 'hidden'} />}
      onClick={() => void change(environment)}
    >
      {label}
    </Menu.Item>
  );
  return (
    <Menu position="bottom-start" width={250}>
      <Menu.Target>
        <Button
          size="compact-xs"
          variant={chosen === null ? 'subtle' : 'light'}
          color={chosen === null ? 'gray' : undefined}
          rightSection={<IconChevronDown size={13} />}
        >
          {chosen === null ? 'No environment' : visible(chosen)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Where the same connections lead elsewhere</Menu.Label>
        {option(null, 'No environment')}
        {environments?.map((each) => option(each, visible(each)))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconPlus size={14} />} disabled={!canWrite} onClick={() => setName('')}>
          New environment…
        </Menu.Item>
        {chosen !== null && (
          <Menu.Item leftSection={<IconTrash size={14} />} color="red" disabled={!canWrite} onClick={() => void change(chosen, 'remove')}>
            Remove “{visible(chosen)}”
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
