import { Button, Modal } from '@mantine/core';
import { showDialog } from '../app/dialogs.tsx';
import { counted } from './format.ts';
import './runs.css';

/** Whether to replay the rows of a node; says what that does. */
export async function askReplay(title: string, rows: number): Promise<boolean> {
  const answer = await showDialog<true>((close) => (
    <Modal opened onClose={() => close(null)} title={`Replay ${counted(rows, 'row')} of “${title}”?`} size={520}>
      <p className="dialog-text">
        The rows that failed go through “{title}” as it is now, and what comes of them is added to what the pipeline has written. Each is replayed once, also
        when the replay is interrupted.
      </p>
      <p className="dialog-text dim">Mend the node first: a row that fails again is treated as its node says, and under “Keep” it comes back here.</p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => close(null)}>
          Cancel
        </Button>
        <Button data-autofocus onClick={() => close(true)}>
          Replay
        </Button>
      </div>
    </Modal>
  ));
  return answer === true;
}
