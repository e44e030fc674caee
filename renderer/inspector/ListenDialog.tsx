import { Button, Loader, Modal, Select } from '@mantine/core';
import { useEffect, useState } from 'react';
import { setParam } from '../../engine/document/edits.ts';
import type { RequestResults } from '../../engine/protocol/api.ts';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { Problem } from '../../engine/protocol/messages.ts';
import { itemAt } from '../../model/faults/missing.ts';
import { visible } from '../../model/text/visible-text.ts';
import { TypeIcon } from '../grid/TypeIcon.tsx';
import { session, useSession } from '../session/session.ts';
import { showDialog } from '../shell/dialogs.tsx';
import { ProblemLines } from './form/ProblemLines.tsx';
import styles from './ListenDialog.module.css';

type Heard = RequestResults['source.listen'];
type HeardRows = Heard['choices'][number];

/** Listens at the address of a source for a first request, and sets the source's columns from it. */
export async function learnFromSample(node: string, address: string): Promise<void> {
  const chosen = await showDialog<HeardRows>((close) => <ListenDialog node={node} address={address} onClose={close} />);
  if (!chosen) return;
  const { catalogue, pipeline } = session.state;
  const defaults = catalogue.get(pipeline.nodes[node]?.type ?? '')?.defaults ?? {};
  session.edit('Take columns from a sample', (before) =>
    Object.entries(chosen.params).reduce((next, [name, value]) => setParam(next, node, name, value, defaults[name]), before),
  );
}

type State =
  | { readonly kind: 'listening'; readonly refused: readonly Problem[] }
  | { readonly kind: 'heard'; readonly heard: Heard }
  | { readonly kind: 'failed'; readonly problem: Problem };

function ListenDialog({ node, address, onClose }: { readonly node: string; readonly address: string; readonly onClose: (rows: HeardRows | null) => void }) {
  const [state, setState] = useState<State>({ kind: 'listening', refused: [] });
  const [choice, setChoice] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const client = useSession((session) => session.client);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt listens anew.
  useEffect(() => {
    const { documentId, pipeline } = session.state;
    if (!client || !documentId) return;
    const stop = new AbortController();
    setState({ kind: 'listening', refused: [] });
    setChoice(0);
    const stopHearing = client.on('source.refused', (told) => {
      if (told.documentId !== documentId || told.node !== node) return;
      setState((now) => (now.kind === 'listening' ? { ...now, refused: [...now.refused, told.problem].slice(-3) } : now));
    });
    client.request('source.listen', { documentId, pipeline, node }, { signal: stop.signal }).then(
      (heard) => !stop.signal.aborted && setState({ kind: 'heard', heard }),
      (error: unknown) => !stop.signal.aborted && setState({ kind: 'failed', problem: problemOf(error) }),
    );
    return () => {
      stopHearing();
      stop.abort();
    };
  }, [client, node, attempt]);

  const again = () => setAttempt(attempt + 1);
  return (
    <Modal opened onClose={() => onClose(null)} title="Listen for a sample" size={640}>
      {state.kind === 'listening' && <Listening address={address} refused={state.refused} />}
      {state.kind === 'failed' && <ProblemLines problems={[state.problem]} />}
      {state.kind === 'heard' && <Sample heard={state.heard} choice={choice} onChoose={setChoice} />}
      <div className="dialog-buttons">
        {state.kind !== 'listening' && (
          <Button variant="subtle" onClick={again}>
            Listen again
          </Button>
        )}
        <Button variant="default" data-autofocus onClick={() => onClose(null)}>
          Cancel
        </Button>
        {state.kind === 'heard' && (
          <Button ref={focusOnceShown} onClick={() => onClose(itemAt(state.heard.choices, choice))}>
            Use these columns
          </Button>
        )}
      </div>
    </Modal>
  );
}

/** A dialog focuses a button of its own only when it opens. */
function focusOnceShown(button: HTMLButtonElement | null): void {
  button?.focus();
}

function Listening({ address, refused }: { readonly address: string; readonly refused: readonly Problem[] }) {
  return (
    <>
      <div className={styles.listening} role="status">
        <Loader size={16} />
        <span>
          Waiting for a request to <code>{address}</code>
        </span>
      </div>
      <p className="dialog-text dim">
        Send one now by POST. Its rows are shown here and not stored; the sender is told to send them again. To try it from a terminal:
      </p>
      <pre className={styles.body}>{`curl -H 'Content-Type: application/json' -d '[{"sensor": "a", "value": 1.5}]' ${address}`}</pre>
      <ProblemLines problems={refused} />
    </>
  );
}

function Sample({ heard, choice, onChoose }: { readonly heard: Heard; readonly choice: number; readonly onChoose: (choice: number) => void }) {
  const { type, bytes, body, choices } = heard;
  const { columns, rows } = itemAt(choices, choice);
  const label = ({ path, rows }: HeardRows) => `${path === '' ? 'The body itself' : path}: ${rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`}`;
  return (
    <>
      <p className="dialog-text">
        Received {bytes.toLocaleString('en')} bytes{' '}
        {type === '' ? (
          'without a content type'
        ) : (
          <>
            of <code>{type}</code>
          </>
        )}
        :
      </p>
      <pre className={styles.body}>{body}</pre>
      {choices.length > 1 && (
        <Select
          label="Rows are in"
          data={choices.map((each, i) => ({ value: String(i), label: label(each) }))}
          value={String(choice)}
          allowDeselect={false}
          onChange={(value) => onChoose(Number(value))}
        />
      )}
      <div className={styles.heading}>
        {columns.length === 1 ? '1 column' : `${columns.length} columns`}, inferred from {rows === 1 ? 'one row' : `${rows.toLocaleString('en')} rows`}
      </div>
      <ul className={styles.columns}>
        {columns.map((column) => (
          <li key={column.name}>
            <TypeIcon type={column.type} />
            <span>{visible(column.name)}</span>
            <small>{column.type}</small>
          </li>
        ))}
      </ul>
    </>
  );
}
