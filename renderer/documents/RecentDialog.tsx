import { CloseButton, Modal } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { RecentFile } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatWhen } from '../format/run-text.ts';
import { session } from '../session/session.ts';
import { notifyError } from '../shell/notify.ts';
import './documents.css';

/** Closes with the path of the chosen file. */
export function RecentDialog({ onClose }: { readonly onClose: (path: string | null) => void }) {
  const [files, setFiles] = useState<readonly RecentFile[] | null>(null);
  useEffect(() => {
    session.request('recent.list', {}).then(setFiles, (error) => {
      setFiles([]);
      notifyError(error, 'The recent files could not be read');
    });
  }, []);
  // The dialog may take the focus before there is anything to choose, or after: then it looks for `data-autofocus`.
  const list = useRef<HTMLUListElement>(null);
  const isRead = files !== null;
  useLayoutEffect(() => {
    if (isRead) list.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
  }, [isRead]);
  const first = files?.find((file) => file.exists);
  const remove = (path: string) => {
    setFiles(files?.filter((file) => file.path !== path) ?? null);
    void session.request('recent.remove', { path }).catch(() => {});
  };
  return (
    <Modal opened onClose={() => onClose(null)} title="Open recent" size={600}>
      {files?.length === 0 && <p className="dialog-text dim">No pipeline has been opened or saved yet.</p>}
      <ul className="file-rows" aria-label="Recent files" ref={list}>
        {files?.map((file) => (
          <li key={file.path}>
            <button type="button" className="file-row" data-autofocus={file === first || undefined} disabled={!file.exists} onClick={() => onClose(file.path)}>
              <span className="file-row-text">
                <b>{visible(file.name)}</b>
                <span>{file.exists ? visible(file.path) : `${visible(file.path)} (no longer there)`}</span>
              </span>
              <span className="file-row-when">{formatWhen(file.openedAt)}</span>
            </button>
            <CloseButton size="sm" aria-label={`Forget ${visible(file.name)}`} onClick={() => remove(file.path)} />
          </li>
        ))}
      </ul>
    </Modal>
  );
}
