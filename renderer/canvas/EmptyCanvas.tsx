import { Button } from '@mantine/core';
import { IconFileImport, IconPlus } from '@tabler/icons-react';
import { chooseData } from '../documents/open-file.ts';
import { runCommand } from '../shell/commands/registry.ts';
import './empty-canvas.css';

/** The text of an empty canvas: how to begin. */
export function EmptyCanvas() {
  return (
    <div className="empty-canvas">
      <div>
        <h1>Start a pipeline</h1>
        <p>
          Drop a file here, drag a node from the palette on the left onto this canvas, or press <kbd className="keys">/</kbd> to search for one. Then drag from
          the dot on its right side to connect it to the next node.
        </p>
        <div className="empty-actions">
          <Button leftSection={<IconPlus size={15} />} onClick={() => void runCommand('insert.node')}>
            Add a node
          </Button>
          <Button variant="default" leftSection={<IconFileImport size={15} />} onClick={() => void chooseData()}>
            Choose data…
          </Button>
        </div>
      </div>
    </div>
  );
}
