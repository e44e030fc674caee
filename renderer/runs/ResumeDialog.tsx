import { Button, Modal } from '@mantine/core';
import type { Problem } from '../../engine/protocol/messages.ts';
import { showDialog } from '../app/dialogs.tsx';
import { formatAge } from './format.ts';
import './runs.css';

export type Beginning = 'latest' | 'scratch';

/** Where a run of a pipeline begins that has run before; null when the user thinks better of it. */
export function askBeginning(checkpoint: { readonly id: number; readonly at: number }): Promise<Beginning | null> {
  return showDialog<Beginning>((close) => (
    <Question
      title="Go on where it stopped?"
      text={`This pipeline ran before and made checkpoint ${checkpoint.id}, ${formatAge(checkpoint.at)} ago. From there it reads on without losing or repeating a row.`}
      note="Starting from scratch reads the sources anew and forgets the checkpoints; what was written stays."
      goOn={`Go on from checkpoint ${checkpoint.id}`}
      onClose={close}
    />
  ));
}

/** What an edit has made of the state in a checkpoint, and what to do about it; null: nothing. */
export function askChangedState(problem: Problem): Promise<Beginning | null> {
  return showDialog<Beginning>((close) => (
    <Question
      title="Some state does not fit any more"
      text={problem.message}
      note="Going on without it keeps the places in the sources and the state of all other nodes; those named begin empty."
      goOn="Go on without that state"
      onClose={close}
    />
  ));
}

function Question(props: {
  readonly title: string;
  readonly text: string;
  readonly note: string;
  readonly goOn: string;
  readonly onClose: (answer: Beginning | null) => void;
}) {
  return (
    <Modal opened onClose={() => props.onClose(null)} title={props.title} size={520}>
      <p className="dialog-text">{props.text}</p>
      <p className="dialog-text dim">{props.note}</p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={() => props.onClose(null)}>
          Cancel
        </Button>
        <Button variant="default" onClick={() => props.onClose('scratch')}>
          Start from scratch
        </Button>
        <Button data-autofocus onClick={() => props.onClose('latest')}>
          {props.goOn}
        </Button>
      </div>
    </Modal>
  );
}
