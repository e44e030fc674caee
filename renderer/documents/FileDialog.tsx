import { ActionIcon, Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { IconArrowUp, IconFileText, IconFolderFilled, IconHome } from '@tabler/icons-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { FolderListing } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatBytes, formatWhen } from '../format/run-text.ts';
import { session } from '../session/session.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './documents.css';
import { baseName, isAbsolute, startFolders } from './folders.ts';
import { answerTo, pathsOf } from './typed-name.ts';

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
      setConfirm(null);
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
  const rename = (text: string) => {
    latest.current++;
    setName(text);
    setConfirm(null);
  };
  const latest = useRef(0);
  const choose = async (typed: string) => {
    const attempt = ++latest.current;
    try {
      const paths = pathsOf(typed, listing?.path ?? null, mode, extensions);
      const places = await Promise.all(paths.map((path) => session.request('files.locate', { path })));
      if (attempt !== latest.current || places.length === 0) return;
      const answer = answerTo(places, mode, confirm);
      if ('take' in answer) onClose(answer.take);
      else if ('ask' in answer) setConfirm(answer.ask);
      else if (await show(answer.enter)) setName('');
    } catch (error) {
      setProblem(problemOf(error).message);
    }
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
            onClick={() => (entry.folder ? void choose(entry.name) : rename(entry.name))}
            onDoubleClick={() => !entry.folder && void choose(entry.name)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              void choose(entry.name);
            }}
          >
            {entry.folder ? <IconFolderFilled size={16} /> : <IconFileText size={16} stroke={1.6} />}
            <span>{visible(entry.name)}</span>
            <span>{entry.folder ? '' : formatBytes(entry.size)}</span>
            <span>{formatWhen(entry.modifiedAt)}</span>
          </button>
        ))}
        {listing && entries.length === 0 && (
          <p className="panel-empty">
            {listing.entries.length > 0 ? `No folders or files of this kind (${extensions.join(', ')}) here.` : 'This folder is empty.'}
          </p>
        )}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) void choose(name.trim());
        }}
      >
        <TextInput
          label="Path or name"
          data-autofocus
          value={name}
          error={confirm ? `${visible(confirm)} already exists. Save again to replace it.` : null}
          onChange={(event) => rename(event.currentTarget.value)}
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
