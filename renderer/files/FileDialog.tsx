import { ActionIcon, Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { IconArrowUp, IconFileText, IconFolderFilled, IconHome } from '@tabler/icons-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { FolderListing } from '../../engine/protocol/messages.ts';
import { showDialog } from '../app/dialogs.tsx';
import { formatBytes, formatWhen } from '../runs/format.ts';
import { session } from '../session/session.ts';
import './files.css';
import { baseName, isAbsolute, join, startFolders } from './folders.ts';

interface Options {
  readonly mode: 'open' | 'save';
  readonly title: string;
  /** Without the dot; files of other kinds are not shown. Empty: all files. */
  readonly extensions: readonly string[];
  /** A file's name or full path to start from; empty for none. */
  readonly suggestion: string;
}

/** Chooses a file on the engine's machine, for hosts without a dialog of their own. Its full path, or null. */
export function showFileDialog(options: Options): Promise<string | null> {
  return showDialog<string>((close) => <FileDialog {...options} onClose={close} />);
}

function FileDialog({ mode, title, extensions, suggestion, onClose }: Options & { readonly onClose: (path: string | null) => void }) {
  const [listing, setListing] = useState<FolderListing | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [name, setName] = useState(baseName(suggestion));
  const [confirm, setConfirm] = useState<string | null>(null);
  const [showAll, setShowAll] = useState(extensions.length === 0);
  const list = useRef<HTMLDivElement>(null);

  const show = useCallback(async (path: string) => {
    try {
      setListing(await session.request('files.list', { path }));
      setProblem(null);
      return true;
    } catch (error) {
      setProblem(problemOf(error).message);
      return false;
    }
  }, []);
  useEffect(() => {
    const begin = async () => {
      for (const folder of startFolders(suggestion)) if (await show(folder)) return;
      await show('');
    };
    void begin();
  }, [show, suggestion]);

  const entries = (listing?.entries ?? []).filter((entry) => entry.folder || showAll || extensions.some((extension) => entry.name.endsWith(`.${extension}`)));
  const choose = (chosen: string) => {
    // A whole path needs no folder to start from: whoever types faster than the disk answers is not held up.
    if (!listing) return isAbsolute(chosen) ? onClose(chosen) : undefined;
    const entry = listing.entries.find((candidate) => candidate.name === chosen);
    if (entry?.folder) {
      void show(join(listing.path, chosen));
      return;
    }
    if (isAbsolute(chosen)) return onClose(chosen);
    const complete =
      mode === 'save' && extensions[0] && !extensions.some((extension) => chosen.endsWith(`.${extension}`)) ? `${chosen}.${extensions[0]}` : chosen;
    const path = join(listing.path, complete);
    if (mode === 'save' && confirm !== path && listing.entries.some((candidate) => candidate.name === complete)) setConfirm(path);
    else onClose(path);
  };
  return (
    <Modal opened onClose={() => onClose(null)} title={title} size={640}>
      <div className="file-path">
        <ActionIcon aria-label="Home folder" title="Home folder" onClick={() => void show(session.state.hello?.home ?? '')}>
          <IconHome size={16} />
        </ActionIcon>
        <ActionIcon aria-label="Parent folder" title="Parent folder" disabled={!listing?.parent} onClick={() => listing?.parent && void show(listing.parent)}>
          <IconArrowUp size={16} />
        </ActionIcon>
        <TextInput
          key={listing?.path}
          aria-label="Folder"
          defaultValue={listing?.path ?? ''}
          onKeyDown={(event) => event.key === 'Enter' && void show(event.currentTarget.value)}
        />
      </div>
      {problem && (
        <p className="dialog-text file-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="file-list" role="listbox" aria-label="Files" ref={list} onKeyDown={moveFocus}>
        {entries.map((entry) => (
          <button
            key={entry.name}
            type="button"
            role="option"
            aria-selected={name === entry.name}
            data-folder={entry.folder || undefined}
            onClick={() => (entry.folder ? choose(entry.name) : setName(entry.name))}
            onDoubleClick={() => !entry.folder && choose(entry.name)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              choose(entry.name);
            }}
          >
            {entry.folder ? <IconFolderFilled size={16} /> : <IconFileText size={16} stroke={1.6} />}
            <span>{entry.name}</span>
            <span>{entry.folder ? '' : formatBytes(entry.size)}</span>
            <span>{formatWhen(entry.modifiedAt)}</span>
          </button>
        ))}
        {listing && entries.length === 0 && (
          <p className="panel-empty">
            {listing.entries.length > 0 ? `No folders and no files of this kind (${extensions.join(', ')}) here.` : 'This folder is empty.'}
          </p>
        )}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) choose(name.trim());
        }}
      >
        <TextInput
          label="Path or name"
          data-autofocus
          value={name}
          error={confirm ? 'A file of this name is there already. Save again to replace it.' : null}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setConfirm(null);
          }}
        />
        <div className="dialog-buttons">
          {extensions.length > 0 && (
            <Checkbox className="file-all" label="All files" checked={showAll} onChange={(event) => setShowAll(event.currentTarget.checked)} />
          )}
          <Button variant="default" onClick={() => onClose(null)}>
            Cancel
          </Button>
          <Button type="submit" disabled={!name.trim() || (!listing && !isAbsolute(name.trim()))} color={confirm ? 'red' : undefined}>
            {mode === 'open' ? 'Open' : confirm ? 'Replace' : 'Save'}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function moveFocus(event: React.KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 'nextElementSibling' : event.key === 'ArrowUp' ? 'previousElementSibling' : null;
  const next = step && document.activeElement?.[step];
  if (!(next instanceof HTMLElement)) return;
  next.focus();
  event.preventDefault();
}
