import { Button, Modal } from '@mantine/core';
import { visible } from '../../model/text/visible-text.ts';

interface Props {
  readonly name: string;
  readonly onClose: (answer: 'save' | 'discard' | null) => void;
}

export function UnsavedDialog({ name, onClose }: Props) {
  return (
    <Modal opened onClose={() => onClose(null)} title={`Save the changes to “${visible(name)}”?`} size={440}>
      <p className="dialog-text dim">They are lost if you do not save them.</p>
      <div className="dialog-buttons">
        <Button variant="subtle" color="red" onClick={() => onClose('discard')}>
          Don't save
        </Button>
        <Button variant="default" onClick={() => onClose(null)}>
          Cancel
        </Button>
        <Button data-autofocus onClick={() => onClose('save')}>
          Save
        </Button>
      </div>
    </Modal>
  );
}
