import { Button } from '@mantine/core';
import { IconClipboardText, IconFileImport, IconFolderOpen, IconPlugConnected, IconPlus } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ExampleFile, RecentFile } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { openExample, openPath } from '../documents/documents.tsx';
import { chooseData, dataExtensions, listenOnPort } from '../documents/open-file.ts';
import { formatWhen } from '../format/run-text.ts';
import { useQuickAdd } from '../graph/quick-add.ts';
import { session, useSession } from '../session/session.ts';
import { runCommand } from '../shell/commands/registry.ts';
import { ExampleSketch } from './ExampleSketch.tsx';
import { choosePastedRows } from './PasteRowsDialog.tsx';
import './start-page.css';
import { lastOf } from '../../model/faults/missing.ts';

/** The start page: the user's own data, recent files, and examples. */
export function StartPage() {
  const engine = useSession((state) => state.engine);
  const [examples, setExamples] = useState<readonly ExampleFile[]>([]);
  const [recent, setRecent] = useState<readonly RecentFile[] | null>(null);
  useEffect(() => {
    if (engine !== 'ready') return;
    session.request('examples.list', {}).then(setExamples, () => {});
    session.request('recent.list', {}).then(setRecent, () => setRecent([]));
  }, [engine]);
  // The shortcut that searches for a node implies a canvas.
  useEffect(() => useQuickAdd.subscribe(({ request }) => request && session.begin()), []);
  const isReady = engine === 'ready';
  return (
    <main className="start-page" aria-label="Start">
      <section className="start-data" aria-labelledby="start-data">
        <h1 id="start-data">Start with data</h1>
        <button type="button" className="start-target" disabled={!isReady} onClick={() => void chooseData()} data-autofocus>
          <IconFileImport size={34} stroke={1.4} aria-hidden />
          <b>Drop a file here</b>
          <span>CSV, JSON Lines, a SQLite database, or a pipeline. Drop it anywhere in the window.</span>
          <small>
            {dataExtensions()
              .map((extension) => `.${extension}`)
              .join('  ')}
          </small>
        </button>
        <div className="start-actions">
          <Button leftSection={<IconFolderOpen size={16} />} disabled={!isReady} onClick={() => void chooseData()}>
            Choose data…
          </Button>
          <Button variant="default" leftSection={<IconClipboardText size={16} />} disabled={!isReady} onClick={() => void choosePastedRows()}>
            Paste rows
          </Button>
          <Button variant="default" leftSection={<IconPlugConnected size={16} />} disabled={!isReady} onClick={listenOnPort}>
            Listen on a port
          </Button>
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => session.begin()}>
            Empty pipeline
          </Button>
        </div>
      </section>
      <section aria-labelledby="start-recent">
        <div className="start-head">
          <h2 id="start-recent">Recent</h2>
          <Button variant="subtle" size="compact-sm" disabled={!isReady} onClick={() => void runCommand('file.open')}>
            Open…
          </Button>
        </div>
        {recent?.length === 0 && <p className="dim">Pipelines that you open or save are listed here.</p>}
        <ul className="start-files">
          {recent?.slice(0, 12).map((file) => (
            <li key={file.path}>
              <button type="button" disabled={!file.exists} title={visible(file.path)} onClick={() => void openPath(file.path)}>
                <b>{visible(fileName(file.path))}</b>
                <span className="start-when">{file.exists ? formatWhen(file.openedAt) : 'missing'}</span>
                <span className="start-folder">{visible(folderName(file.path))}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="start-examples">
        <div className="start-head">
          <h2 id="start-examples">Examples on real data</h2>
        </div>
        <div className="start-examples">
          {examples.map((example) => (
            <button type="button" key={example.id} onClick={() => void openExample(example.id)}>
              <ExampleSketch sketch={example.sketch} />
              <b>{example.title}</b>
              <span>{example.summary}</span>
            </button>
          ))}
        </div>
      </section>
    </main>
  );
}

const parts = (path: string) => path.split(/[\\/]/);
function fileName(path: string): string {
  return lastOf(parts(path)).replace(/\.millrace\.json$/, '');
}
function folderName(path: string): string {
  return path.slice(0, path.length - lastOf(parts(path)).length - 1) || '/';
}
