import { Button } from '@mantine/core';
import { IconFolderOpen, IconPlus } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ExampleFile, RecentFile } from '../../engine/protocol/messages.ts';
import { runCommand } from '../commands/registry.ts';
import { openExample, openPath } from '../files/documents.tsx';
import { session, useSession } from '../session/session.ts';
import './empty-canvas.css';

const shownRecent = 4;

/** What an empty canvas says: how to begin, and what there is to look at. */
export function EmptyCanvas() {
  const engine = useSession((state) => state.engine);
  const [examples, setExamples] = useState<readonly ExampleFile[]>([]);
  const [recent, setRecent] = useState<readonly RecentFile[]>([]);
  useEffect(() => {
    if (engine !== 'ready') return;
    session.request('examples.list', {}).then(setExamples, () => {});
    session.request('recent.list', {}).then(
      (files) => setRecent(files.filter((file) => file.exists).slice(0, shownRecent)),
      () => {},
    );
  }, [engine]);
  return (
    <div className="empty-canvas">
      <div>
        <h1>Start a pipeline</h1>
        <p>
          Drag a node from the palette at the left onto this canvas, or press <kbd className="keys">/</kbd> to search for one. Then drag from the dot at its
          right side to connect the next.
        </p>
        <div className="empty-actions">
          <Button leftSection={<IconPlus size={15} />} onClick={() => void runCommand('insert.node')}>
            Add a node
          </Button>
          <Button variant="default" leftSection={<IconFolderOpen size={15} />} onClick={() => void runCommand('file.open')}>
            Open a file…
          </Button>
        </div>
        {recent.length > 0 && (
          <>
            <h2>Recent files</h2>
            <div className="tile-grid">
              {recent.map((file) => (
                <button type="button" className="tile" key={file.path} onClick={() => void openPath(file.path)} title={file.path}>
                  <b>{file.name}</b>
                  <span>{file.path}</span>
                </button>
              ))}
            </div>
          </>
        )}
        {examples.length > 0 && (
          <>
            <h2>Examples on real data</h2>
            <div className="tile-grid">
              {examples.map((example) => (
                <button type="button" className="tile" key={example.id} onClick={() => void openExample(example.id)}>
                  <b>{example.title}</b>
                  <span>{example.summary}</span>
                </button>
              ))}
            </div>
          </>
        )}
      </div>
    </div>
  );
}
