import { Button, Modal } from '@mantine/core';
import { counted } from '../format/run-text.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';

/** `alone`: in a run of its own. The others: in the run of the pipeline, which goes on from its checkpoint, or is stopped with one first. */
export type ReplayWay = 'alone' | 'with-run' | 'into-run';

/** Whether to replay the rows of a node; says what that does. */
export async function askReplay(way: ReplayWay, title: string, rows: number): Promise<boolean> {
  const answer = await showDialog<true>((close) => (
    <Modal opened onClose={() => close(null)} title={`Replay ${counted(rows, 'row')} of “${title}”?`} size={520}>
      <p className="dialog-text">
        {way === 'alone' ? (
          <>
            The rows that failed go through “{title}” as it is now, and what comes of them is added to what the pipeline has written. Each is replayed once,
            also when the replay is interrupted.
          </>
        ) : (
          <>
            {way === 'into-run'
              ? 'The run stops with a checkpoint, and the pipeline as it is now goes on from there.'
              : 'The pipeline as it is now goes on from its last checkpoint.'}{' '}
            The rows that failed go through “{title}” first and count with all others, as if they had not failed. Each is replayed once, also when the run is
            interrupted.
          </>
        )}
      </p>
      <p className="dialog-text dim">
        Mend the node first: a row that fails again is treated as its node says, and under “Keep” it comes back here.
        {way !== 'alone' && ' Rows keep their event time: those that are too old by now are late rows.'}
      </p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => close(null)}>
          Cancel
        </Button>
        <Button data-autofocus onClick={() => close(true)}>
          {way === 'alone' ? 'Replay' : way === 'into-run' ? 'Stop, and go on with these rows' : 'Go on with these rows'}
        </Button>
      </div>
    </Modal>
  ));
  return answer === true;
}
