import { Modal } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ExampleFile } from '../../engine/protocol/messages.ts';
import { session } from '../session/session.ts';
import { notifyError } from '../shell/notify.ts';
import './tiles.css';
import './documents.css';

/** Closes with the id of the chosen example. */
export function ExamplesDialog({ onClose }: { readonly onClose: (id: string | null) => void }) {
  const [examples, setExamples] = useState<readonly ExampleFile[] | null>(null);
  useEffect(() => {
    session.request('examples.list', {}).then(setExamples, (error) => {
      setExamples([]);
      notifyError(error, 'The examples could not be read');
    });
  }, []);
  // The dialog may take the focus before there is anything to choose, or after: then it looks for `data-autofocus`.
  const grid = useRef<HTMLDivElement>(null);
  const isRead = examples !== null;
  useLayoutEffect(() => {
    if (isRead) grid.current?.querySelector('button')?.focus();
  }, [isRead]);
  return (
    <Modal opened onClose={() => onClose(null)} title="Examples on real data" size={680}>
      {examples?.length === 0 && <p className="dialog-text dim">There are no examples in this installation.</p>}
      <div className="tile-grid" ref={grid}>
        {examples?.map((example, index) => (
          <button type="button" className="tile" data-autofocus={index === 0 || undefined} key={example.id} onClick={() => onClose(example.id)}>
            <b>{example.title}</b>
            <span>{example.summary}</span>
          </button>
        ))}
      </div>
    </Modal>
  );
}
