import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { visibleLines } from '../../model/text/visible-text.ts';
import { writeClipboard } from '../grid/clipboard.ts';
import { session } from '../session/session.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';

/** How a run of the current pipeline would proceed, as the engine explains it. Rejects with the problems that prevent a run. */
export async function showPlan(): Promise<void> {
  const { documentId, pipeline } = session.state;
  if (documentId === null) return;
  const { text } = await session.request('pipeline.explain', { documentId, pipeline });
  await showDialog<null>((close) => <PlanDialog text={text} onClose={() => close(null)} />);
}

function PlanDialog({ text, onClose }: { readonly text: string; readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    setCopied(await writeClipboard(text));
  };
  return (
    <Modal opened onClose={onClose} title="Plan" size={960}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled with the keyboard */}
      <pre className="plan-text" tabIndex={0}>
        {visibleLines(text)}
      </pre>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
        </Button>
        <Button data-autofocus onClick={onClose}>
          Close
        </Button>
      </div>
    </Modal>
  );
}
