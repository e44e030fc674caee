import { Button, Modal } from '@mantine/core';
import type { Pipeline, Touches } from '../../engine/protocol/messages.ts';
import { TouchList } from '../documents/TouchList.tsx';

interface Props {
  readonly touches: Touches;
  /** Holds the nodes that would be added, and nothing else. */
  readonly pasted: Pipeline;
  readonly path: string | null;
  readonly onClose: (isAgreed: true | null) => void;
}

/** Nodes from the clipboard that were not copied here would get the trust of the document into which they are pasted. */
export function PasteNodesDialog({ touches, pasted, path, onClose }: Props) {
  const count = Object.keys(pasted.nodes).length;
  return (
    <Modal opened onClose={() => onClose(null)} title="Paste nodes from elsewhere?" size={560}>
      <p className="dialog-text">
        {count === 1 ? 'This node was' : `These ${count} nodes were`} not copied from a pipeline that you trust. In this pipeline {count === 1 ? 'it' : 'they'}{' '}
        would be previewed at once. What {count === 1 ? 'it' : 'they'} would do:
      </p>
      <TouchList touches={touches} pipeline={pasted} path={path} />
      <div className="dialog-buttons">
        <Button variant="default" data-autofocus onClick={() => onClose(null)}>
          Cancel
        </Button>
        <Button onClick={() => onClose(true)}>Trust and paste</Button>
      </div>
    </Modal>
  );
}
