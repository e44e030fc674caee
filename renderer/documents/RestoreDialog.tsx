import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import type { Autosave } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatWhen } from '../format/run-text.ts';
import { session } from '../session/session.ts';
import './documents.css';

interface Props {
  readonly copies: readonly Autosave[];
  /** With the id of the copy to open; null for later. */
  readonly onClose: (id: string | null) => void;
}

export function RestoreDialog({ copies, onClose }: Props) {
  const [left, setLeft] = useState(copies);
  const discard = (id: string) => {
    void session.request('autosave.discard', { id }).catch(() => {});
    const rest = left.filter((copy) => copy.id !== id);
    setLeft(rest);
    if (rest.length === 0) onClose(null);
  };
  return (
    <Modal opened onClose={() => onClose(null)} title="Restore unsaved work?" size={540}>
      <p className="dialog-text dim">Millrace ended before this was saved.</p>
      <ul className="file-rows" aria-label="Unsaved work">
        {left.map((copy, index) => (
          <li key={copy.id}>
            <span className="file-row-text">
              <b>{visible(copy.name)}</b>
              <span>
                {formatWhen(copy.savedAt)} · {copy.path === null ? 'never saved' : visible(copy.path)}
              </span>
            </span>
            <Button size="compact-xs" variant="subtle" color="red" onClick={() => discard(copy.id)} aria-label={`Discard ${visible(copy.name)}`}>
              Discard
            </Button>
            <Button size="compact-xs" data-autofocus={index === 0 || undefined} onClick={() => onClose(copy.id)} aria-label={`Restore ${visible(copy.name)}`}>
              Restore
            </Button>
          </li>
        ))}
      </ul>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => onClose(null)}>
          Ask again next time
        </Button>
      </div>
    </Modal>
  );
}
