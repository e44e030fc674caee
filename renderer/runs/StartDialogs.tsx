import { Button, Modal } from '@mantine/core';
import type { CheckpointElsewhere } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatAge } from '../format/run-text.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';

/** Whether to save a pipeline that never ends before it runs; null if the user cancels. */
export function askSaveFirst(name: string): Promise<'save' | 'run' | null> {
  return showDialog<'save' | 'run'>((close) => (
    <Modal opened onClose={() => close(null)} title={`Save “${visible(name)}” before it runs?`} size={520}>
      <p className="dialog-text">
        This pipeline never ends by itself. If you stop it and start it again, it resumes where it stopped without losing or repeating a row, but only if it was
        saved to a file.
      </p>
      <p className="dialog-text dim">
        Unsaved, it starts from the beginning once you close this window or open another pipeline in it. A run still in progress then is listed under “Other
        runs”.
      </p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => close(null)}>
          Cancel
        </Button>
        <Button variant="default" onClick={() => close('run')}>
          Run unsaved
        </Button>
        <Button data-autofocus onClick={() => close('save')}>
          Save and run
        </Button>
      </div>
    </Modal>
  ));
}

/** Says that a pipeline starts from scratch here, though it could resume as another file; null if the user cancels. */
export function askElsewhere({ id, at, path, exists }: CheckpointElsewhere): Promise<'here' | 'open' | null> {
  return showDialog<'here' | 'open'>((close) => (
    <Modal opened onClose={() => close(null)} title="Start from the beginning here?" size={560}>
      {path === null ? (
        <p className="dialog-text">
          This pipeline made checkpoint {id}, {formatAge(at)} ago, before it was saved. That checkpoint applies only to the unsaved pipeline: the saved one
          starts from the beginning and reads its sources again.
        </p>
      ) : (
        <>
          <p className="dialog-text">
            A pipeline of this name made checkpoint {id}, {formatAge(at)} ago, in another file: <code className="dialog-path">{visible(path)}</code>
          </p>
          <p className="dialog-text">
            A checkpoint applies only to the file for which it was made. Here the pipeline starts from the beginning and reads its sources again; the state of
            the other file is kept.
          </p>
        </>
      )}
      {path !== null && !exists && (
        <p className="dialog-text dim">That file no longer exists. If it was moved here, move it back to resume where it stopped.</p>
      )}
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => close(null)}>
          Cancel
        </Button>
        {exists && (
          <Button variant="default" onClick={() => close('open')}>
            Open the other file
          </Button>
        )}
        <Button data-autofocus onClick={() => close('here')}>
          Start from the beginning
        </Button>
      </div>
    </Modal>
  ));
}
