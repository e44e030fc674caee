import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { IconPlayerPlayFilled, IconPlayerStopFilled, IconRipple } from '@tabler/icons-react';
import { visible } from '../../model/text/visible-text.ts';
import { isOwnRun } from '../session/run-origin.ts';
import { isRunning } from '../session/run-state.ts';
import { session, useSession } from '../session/session.ts';
import { CommandMenuItems } from '../shell/commands/CommandMenuItems.tsx';
import { isEnabled, labelOf } from '../shell/commands/command.ts';
import { menus } from '../shell/commands/menus.ts';
import { commandOf, runCommand } from '../shell/commands/registry.ts';
import { showShortcut } from '../shell/commands/shortcut.ts';
import { isDesktop } from '../shell/host.ts';

const history = ['file.save', 'edit.undo', 'edit.redo'];
const panels = ['view.palette', 'view.dock', 'view.inspector'];

/** One line: menus (if the window has none of its own), the document's name, and Run. */
export function Header() {
  return (
    <header className="header">
      <h1 className="only-heard">Millrace</h1>
      <IconRipple className="header-mark" size={20} stroke={2} aria-hidden />
      {!isDesktop && <MenuBar />}
      <div className="header-group" role="toolbar" aria-label="Document">
        {history.map((name) => (
          <CommandButton key={name} name={name} />
        ))}
      </div>
      <DocumentName />
      <div className="header-group" role="toolbar" aria-label="Panels">
        {panels.map((name) => (
          <CommandButton key={name} name={name} />
        ))}
        <CommandButton name="help.commands" />
      </div>
      <RunButton />
    </header>
  );
}

function MenuBar() {
  return (
    <div className="menu-bar" role="menubar" aria-label="Main menu">
      {menus.map((menu) => (
        <Menu key={menu.label} position="bottom-start" offset={2} width={270} trigger="click">
          <Menu.Target>
            <button type="button" role="menuitem" onKeyDown={moveAlong}>
              {menu.label}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <CommandMenuItems entries={menu.entries} />
          </Menu.Dropdown>
        </Menu>
      ))}
    </div>
  );
}

/** Left and right move along the bar. */
function moveAlong(event: React.KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowRight' ? 'nextElementSibling' : event.key === 'ArrowLeft' ? 'previousElementSibling' : null;
  const next = step && event.currentTarget[step];
  if (next instanceof HTMLElement) next.focus();
}

function CommandButton({ name }: { readonly name: string }) {
  const command = commandOf(name);
  const label = useSession((state) => labelOf(command, state));
  const enabled = useSession((state) => isEnabled(command, state));
  const checked = useSession((state) => command.checked?.(state));
  return (
    <Tooltip label={command.shortcuts?.[0] ? `${label} (${showShortcut(command.shortcuts[0])})` : label}>
      <ActionIcon
        aria-label={labelOf(command, { ...session.state, undoLabel: null, redoLabel: null }).replace(/…$/, '')}
        aria-pressed={checked}
        data-command={name}
        data-off={checked === false || undefined}
        disabled={!enabled}
        onClick={() => void runCommand(name)}
      >
        {command.icon && <command.icon size={17} stroke={1.6} />}
      </ActionIcon>
    </Tooltip>
  );
}

function DocumentName() {
  const name = useSession((state) => visible(state.pipeline.name));
  const path = useSession((state) => state.path && visible(state.path));
  const isEdited = useSession((state) => state.isEdited);
  return (
    <button
      type="button"
      className="document-name"
      title={`${name}\n${path ?? 'Not saved yet'}`}
      onClick={() => void runCommand('file.properties')}
      aria-label={`Pipeline properties of ${name} ${path ?? 'not saved yet'}`}
    >
      <b>{name}</b> {isEdited && <span className="edited-mark" role="img" aria-label="unsaved changes" title="Unsaved changes" />}
      <span>{path ?? 'not saved yet'}</span>
    </button>
  );
}

function RunButton() {
  const running = useSession((state) => isOwnRun(state) && isRunning(state.run));
  const stopping = useSession((state) => state.run?.state === 'stopping' || state.run?.state === 'draining');
  const stop = useSession((state) => labelOf(commandOf('run.stop'), state));
  const enabled = useSession((state) => isEnabled(commandOf('run.start'), state));
  if (running) {
    return (
      <Tooltip label={`${stop} (${showShortcut('Shift+F5')})`}>
        <Button color="red" variant="light" loading={stopping} leftSection={<IconPlayerStopFilled size={14} />} onClick={() => void runCommand('run.stop')}>
          Stop
        </Button>
      </Tooltip>
    );
  }
  return (
    <Tooltip label={`Run (${showShortcut('F5')})`}>
      <Button disabled={!enabled} leftSection={<IconPlayerPlayFilled size={14} />} onClick={() => void runCommand('run.start')}>
        Run
      </Button>
    </Tooltip>
  );
}
