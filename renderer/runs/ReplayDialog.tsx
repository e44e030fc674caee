import { Button, Modal } from '@mantine/core';
import { counted } from '../format/run-text.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';

/** `alone`: in a run of its own. The others: in the run of the pipeline, which resumes from its checkpoint, or is stopped with one first. */
export type ReplayWay = 'alone' | 'with-run' | 'into-run';

/** Asks whether to replay the rows of a node; says what that does. */
export async function askReplay(way: ReplayWay, title: string, rows: number): Promise<boolean> {
  const answer = await showDialog<true>((close) => (
    <Modal opened onClose={() => close(null)} title={`Replay ${counted(rows, 'row')} of “${title}”?`} size={520}>
      <p className="dialog-text">
        {way === 'alone' ? (
          <>
            The failed rows go through “{title}” as it is now, and the results are added to what the pipeline has written. Each row is replayed once, even if
            the replay is interrupted.
          </>
        ) : (
          <>
            {way === 'into-run'
              ? 'The run stops with a checkpoint, and the pipeline as it is now resumes from there.'
              : 'The pipeline as it is now resumes from its last checkpoint.'}{' '}
            The failed rows go through “{title}” first and count with all others, as if they had not failed. Each row is replayed once, even if the run is
            interrupted.
          </>
        )}
      </p>
      <p className="dialog-text dim">
        Fix the node first: a row that fails again is handled by the node’s error policy, and with “Keep” it comes back here.
        {way !== 'alone' && ' Rows keep their event time: those that are now too old become late rows.'}
      </p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => close(null)}>
          Cancel
        </Button>
        <Button data-autofocus onClick={() => close(true)}>
          {way === 'alone' ? 'Replay' : way === 'into-run' ? 'Stop and resume with these rows' : 'Resume with these rows'}
        </Button>
      </div>
    </Modal>
  ));
  return answer === true;
}
