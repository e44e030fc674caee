import { Button, Modal } from '@mantine/core';
import type { Problem } from '../../engine/protocol/messages.ts';
import { visible, visibleLines } from '../../model/text/visible-text.ts';

interface Props {
  /** Of the pipeline's file. */
  readonly path: string;
  /** Why trusting this folder is unwise, if it is. */
  readonly warning: Problem | null;
  readonly onClose: (isSure: true | null) => void;
}

export function TrustFolderDialog({ path, warning, onClose }: Props) {
  const folder = path.replace(/[\\/][^\\/]*$/, '') || '/';
  return (
    <Modal opened onClose={() => onClose(null)} title={warning ? 'This folder covers a lot' : 'Trust all pipelines in this folder?'} size={500}>
      <p className="dialog-text">
        Every pipeline in <code className="dialog-path">{visible(folder)}</code>
      </p>
      <p className="dialog-text">
        and its subfolders may then read, write and run without a question, <b>including those added or changed later</b>, by anyone.
      </p>
      {warning && (
        <p className="dialog-text touch-mark" role="alert">
          {visibleLines(warning.message)} {warning.hint && visibleLines(warning.hint)}
        </p>
      )}
      <div className="dialog-buttons">
        <Button variant="default" data-autofocus onClick={() => onClose(null)}>
          Cancel
        </Button>
        <Button color={warning ? 'red' : undefined} onClick={() => onClose(true)}>
          {warning ? 'Trust it anyway' : 'Trust the folder'}
        </Button>
      </div>
    </Modal>
  );
}
