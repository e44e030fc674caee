import { Button, Modal } from '@mantine/core';
import { visible } from '../../model/text/visible-text.ts';

interface Props {
  readonly path: string;
  readonly onClose: (answer: 'overwrite' | 'reload' | 'saveAs' | null) => void;
}

export function ConflictDialog({ path, onClose }: Props) {
  return (
    <Modal opened onClose={() => onClose(null)} title="The file has changed on disk" size={500}>
      <p className="dialog-text">
        <code>{visible(path)}</code> was changed by another program or person after you opened it.
      </p>
      <p className="dialog-text dim">Save yours under another name to keep both.</p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => onClose('reload')}>
          Discard mine, load theirs
        </Button>
        <Button color="red" variant="light" onClick={() => onClose('overwrite')}>
          Overwrite theirs
        </Button>
        <Button data-autofocus onClick={() => onClose('saveAs')}>
          Save as…
        </Button>
      </div>
    </Modal>
  );
}
