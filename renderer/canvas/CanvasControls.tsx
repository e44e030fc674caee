import { ActionIcon, Tooltip } from '@mantine/core';
import { useStore } from '@xyflow/react';
import { session } from '../session/session.ts';
import { type Command, labelOf } from '../shell/commands/command.ts';
import { commandOf, runCommand } from '../shell/commands/registry.ts';
import { showShortcut } from '../shell/commands/shortcut.ts';

const names = ['view.zoomOut', 'view.zoomIn', 'view.fit', 'arrange.layout'];

/** Zoom and layout, at the canvas's lower left. */
export function CanvasControls() {
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <div className="canvas-controls" role="toolbar" aria-label="Canvas controls">
      {names.map((name) => {
        const command: Command = commandOf(name);
        const label = labelOf(command, session.state);
        return (
          <Tooltip key={name} label={command.shortcuts?.[0] ? `${label} (${showShortcut(command.shortcuts[0])})` : label}>
            <ActionIcon aria-label={label} onClick={() => void runCommand(name)}>
              {command.icon && <command.icon size={16} stroke={1.6} />}
            </ActionIcon>
          </Tooltip>
        );
      })}
      <button type="button" className="zoom-level" title="Zoom to 100 %" aria-label={`Zoom ${zoom} %`} onClick={() => void runCommand('view.zoomActual')}>
        {zoom} %
      </button>
    </div>
  );
}
