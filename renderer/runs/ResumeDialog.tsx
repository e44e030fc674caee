import { Button, Modal } from '@mantine/core';
import type { Problem } from '../../engine/protocol/messages.ts';
import { formatAge } from '../format/run-text.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';
import { visible, visibleLines } from '../../model/text/visible-text.ts';

export type Beginning = 'latest' | 'scratch';
/** A checkpoint from which a run can resume; `failed`: the row that ended the previous run, which is read again. */
export interface Resumable {
  readonly id: number;
  readonly at: number;
  readonly failed: Problem | null;
}

/** Where a run of a pipeline begins that has run before; null if the user cancels. */
export function askBeginning(checkpoint: Resumable): Promise<Beginning | null> {
  const { failed } = checkpoint;
  if (failed) return askPastRow(checkpoint, failed);
  return showDialog<Beginning>((close) => (
    <Question
      title="Resume where it stopped?"
      text={`This pipeline ran before and made checkpoint ${checkpoint.id}, ${formatAge(checkpoint.at)} ago. It can resume from there without losing or repeating a row.`}
      note="Starting from scratch reads the sources again and discards the checkpoints; what was written stays."
      goOn={`Resume from checkpoint ${checkpoint.id}`}
      onClose={close}
    />
  ));
}

function askPastRow({ id, at }: Resumable, failed: Problem): Promise<Beginning | null> {
  return showDialog<Beginning>((close) => (
    <Question
      title="Resume past the row that failed?"
      text={`The last run stopped at a row that “${failed.node}” could not handle: ${failed.message}. Resuming from checkpoint ${id}, ${formatAge(at)} ago, reads that row again.`}
      note="In this run, nodes set to “Stop” keep rows that fail in the errors table, from which you can replay them. Starting from scratch reads the sources again; what was written stays."
      goOn="Keep rows that fail and resume"
      onClose={close}
    />
  ));
}

/** Possible refusals of a start to resume, and what can be done about each besides starting from scratch. */
export const refusals: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  [
    'checkpoint/changed',
    {
      title: 'Some state no longer fits',
      note: 'Resuming without it keeps the positions in the sources and the state of all other nodes; the nodes named above start empty.',
      goOn: 'Resume without that state',
      how: { from: 'latest', dropChangedState: true },
    },
  ],
  [
    'checkpoint/behind',
    {
      title: 'Rows would be written twice',
      note: 'Tables that are updated by key still hold each row once. Starting from scratch writes all rows again.',
      goOn: 'Resume and write them twice',
      how: { from: 'latest', acceptDuplicates: true },
    },
  ],
  ['checkpoint/damaged', { title: 'The checkpoints are damaged' }],
  ['checkpoint/other-pipeline', { title: 'The checkpoints belong to another pipeline' }],
  ['sqlite/changed', { title: 'The database has changed since the last run' }],
  ['file/changed', { title: 'A file has changed since the last run' }],
]);

interface How {
  readonly from: Beginning;
  readonly dropChangedState?: boolean;
  readonly acceptDuplicates?: boolean;
}
interface Refusal {
  readonly title: string;
  readonly note?: string;
  readonly goOn?: string;
  readonly how?: How;
}

/** What to do about a run that did not resume from its checkpoint; null: nothing. `problem`: of one of the codes of `refusals`. */
export async function askAfterRefusal(problem: Problem): Promise<How | null> {
  const { title = problem.message, note = problem.hint, goOn, how } = refusals.get(problem.code) ?? {};
  const answer = await showDialog<Beginning>((close) => <Question title={title} text={problem.message} note={note} goOn={goOn} onClose={close} />);
  if (answer === 'latest') return how ?? null;
  return answer && { from: answer };
}

function Question(props: {
  readonly title: string;
  readonly text: string;
  readonly note?: string;
  /** Absent if it can only start from scratch. */
  readonly goOn?: string;
  readonly onClose: (answer: Beginning | null) => void;
}) {
  return (
    <Modal opened onClose={() => props.onClose(null)} title={visible(props.title)} size={520}>
      <p className="dialog-text">{visibleLines(props.text)}</p>
      {props.note && <p className="dialog-text dim">{visibleLines(props.note)}</p>}
      <div className="dialog-buttons">
        <Button variant="default" data-autofocus={props.goOn === undefined || undefined} onClick={() => props.onClose(null)}>
          Cancel
        </Button>
        <Button variant="default" onClick={() => props.onClose('scratch')}>
          Start from scratch
        </Button>
        {props.goOn !== undefined && (
          <Button data-autofocus onClick={() => props.onClose('latest')}>
            {props.goOn}
          </Button>
        )}
      </div>
    </Modal>
  );
}
