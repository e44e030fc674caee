import { Menu } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { visible } from '../../model/text/visible-text.ts';
import { editConnections } from '../session/connections.ts';
import { useSession } from '../session/session.ts';
import { runCommand } from '../shell/commands/registry.ts';
import { notifyError } from '../shell/notify.ts';

/** In the status bar, where the folder's connections have environments: the one that checks, previews and runs of this window use. */
export function EnvironmentPicker() {
  const environments = useSession((state) => state.connections?.environments);
  const chosen = useSession((state) => state.connections?.environment ?? null);
  if (!environments?.length) return null;
  const choose = (environment: string | null) =>
    editConnections('connections.environment', { environment }).catch((error: unknown) => notifyError(error, 'The environment was not changed'));
  const option = (environment: string | null, label: string) => (
    <Menu.Item
      key={label}
      leftSection={<IconCheck size={14} visibility={environment === chosen ? undefined : 'hidden'} />}
      onClick={() => void choose(environment)}
    >
      {label}
    </Menu.Item>
  );
  return (
    <Menu position="top-end" width={220}>
      <Menu.Target>
        <button type="button" title="The environment of the connections that previews and runs use">
          {chosen === null ? 'No environment' : `Environment: ${visible(chosen)}`}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {option(null, 'No environment')}
        {environments.map((each) => option(each, visible(each)))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconCheck size={14} visibility="hidden" />} onClick={() => void runCommand('view.connections')}>
          Connections…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
