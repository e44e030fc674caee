import { Button, Modal } from '@mantine/core';
import type { CheckpointElsewhere } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatAge } from '../format/run-text.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';

/** Whether to save a pipeline that never ends before it runs; null when the user thinks better of it. */
export function askSaveFirst(name: string): Promise<'save' | 'run' | null> {
  return showDialog<'save' | 'run'>((close) => (
    <Modal opened onClose={() => close(null)} title={`Save “${visible(name)}” before it runs?`} size={520}>
      <p className="dialog-text">
        It never ends by itself. Stopped and started again, it goes on where it was without losing or repeating a row, but only once it has a file.
      </p>
      <p className="dialog-text dim">
        Unsaved, it begins anew as soon as this window has shown another pipeline or was closed. A run that is going on then is listed under “Other runs”.
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

/** Tells that a pipeline begins anew here, though it could go on as another file; null when the user thinks better of it. */
export function askElsewhere({ id, at, path, exists }: CheckpointElsewhere): Promise<'here' | 'open' | null> {
  return showDialog<'here' | 'open'>((close) => (
    <Modal opened onClose={() => close(null)} title="Begin anew here?" size={560}>
      {path === null ? (
        <p className="dialog-text">
          This pipeline ran before it was saved, and made checkpoint {id}, {formatAge(at)} ago. That one counts for the unsaved pipeline only: as a file, it
          goes on from nothing and reads its sources anew.
        </p>
      ) : (
        <>
          <p className="dialog-text">
            A pipeline of this name made checkpoint {id}, {formatAge(at)} ago, as another file: <code className="dialog-path">{visible(path)}</code>
          </p>
          <p className="dialog-text">
            A checkpoint counts for the file that it was made for. Here it goes on from nothing and reads its sources anew; the state of the other file is kept.
          </p>
        </>
      )}
      {path !== null && !exists && <p className="dialog-text dim">That file is gone. If it was moved here, move it back to go on where it was.</p>}
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
          Begin anew
        </Button>
      </div>
    </Modal>
  ));
}
