import { Button, Menu, Modal } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { ConnectionManifest, ShownConnection } from '../../../engine/protocol/messages.ts';
import { visible } from '../../../model/text/visible-text.ts';
import { NodeIcon } from '../../graph/NodeIcon.tsx';
import { editConnections } from '../../session/connections.ts';
import { session, useSession } from '../../session/session.ts';
import { EmptyState } from '../../shell/EmptyState.tsx';
import { notifyError } from '../../shell/notify.ts';
import { ProblemLines } from '../form/ProblemLines.tsx';
import type { Widgets } from '../form/widget.ts';
import { ConnectionForm } from './ConnectionForm.tsx';
import styles from './Connections.module.css';
import { type ConnectionsRequest, type Draft, draftOf, newDraft, paramsToSave, renamedIn, usersOf } from './draft.ts';
import { EnvironmentMenu } from './EnvironmentMenu.tsx';
import { useTrials } from './use-trials.ts';

interface Props {
  readonly widgets: Widgets;
  readonly request: ConnectionsRequest;
  readonly onClose: (saved: string | null) => void;
}

/** A key of the drafts: those that are not saved yet have no name that is theirs alone. */
const newKey = ' new';

/** The connections beside the document: a list, and the form of the one that is chosen. */
export default function ConnectionsDialog({ widgets, request, onClose }: Props) {
  const view = useSession((state) => state.connections);
  const types = useSession((state) => state.connectionTypes);
  const trusted = useSession((state) => state.trusted);
  const typeOf = (type: string) => types.find((each) => each.type === type);
  const trials = useTrials();
  const [drafts, setDrafts] = useState<ReadonlyMap<string, Draft>>(() => {
    const manifest = typeOf(request.create ?? '');
    return new Map(manifest ? [[newKey, newDraft(manifest, view)]] : []);
  });
  const [chosen, setChosen] = useState(() => (drafts.has(newKey) ? newKey : (request.select ?? view?.connections[0]?.name ?? '')));
  const [saved, setSaved] = useState<string | null>(null);
  const [saves, setSaves] = useState(0);
  const [isLeaving, setLeaving] = useState(false);

  const shown = view?.connections.find(({ name }) => name === chosen);
  const draft = drafts.get(chosen) ?? (shown?.known ? draftOf(shown) : null);
  const manifest = draft && typeOf(draft.type);
  const put = (key: string, next: Draft | null) =>
    setDrafts((before) => {
      const after = new Map(before);
      if (next) after.set(key, next);
      else after.delete(key);
      return after;
    });
  /** Two fields may change at once, such as a secret and the name of it. */
  const update = (key: string, otherwise: Draft, change: (draft: Draft) => Partial<Draft>) =>
    setDrafts((before) => {
      const now = before.get(key) ?? otherwise;
      return new Map(before).set(key, { ...now, ...change(now), isEdited: true });
    });
  const begin = (type: ConnectionManifest, from?: Draft) => {
    put(newKey, newDraft(type, view, from));
    setChosen(newKey);
  };
  const save = async (): Promise<boolean> => {
    if (!draft || !manifest) return false;
    const name = draft.name.trim();
    const { documentId, catalogue } = session.state;
    if (!documentId) return false;
    try {
      for (const [reference, text] of Object.entries(draft.texts)) await session.request('secrets.set', { documentId, reference, text });
      if (draft.original !== null && draft.original !== name) {
        const from = draft.original;
        await editConnections('connections.rename', { from, to: name });
        session.edit(`Rename connection "${from}"`, (pipeline) => renamedIn(pipeline, from, name, catalogue));
      }
      const environment = draft.original === null ? null : (view?.environment ?? null);
      const params = environment === null ? paramsToSave(draft, manifest) : draft.params;
      await editConnections('connections.set', { name, isNew: draft.original === null, environment, type: draft.type, typeVersion: manifest.version, params });
      put(chosen, null);
      setChosen(name);
      setSaved(name);
      // The form is drawn anew: what was typed as a secret is not held any longer.
      setSaves((count) => count + 1);
      return true;
    } catch (error) {
      notifyError(error, 'The connection was not saved');
      return false;
    }
  };
  const remove = async (name: string) => {
    try {
      await editConnections('connections.remove', { name });
      put(name, null);
      trials.forget(name);
      setChosen(view?.connections.find((each) => each.name !== name)?.name ?? '');
    } catch (error) {
      notifyError(error, 'The connection was not deleted');
    }
  };
  const unsaved = [...drafts.values()].filter(({ isEdited }) => isEdited);
  const leave = () => (unsaved.length > 0 && !isLeaving ? setLeaving(true) : onClose(saved));

  const add = <NewConnection types={types} disabled={!trusted || view?.writable === false} onChoose={(type) => begin(type)} />;
  const items = view?.connections ?? [];
  return (
    <Modal
      opened
      onClose={leave}
      size={880}
      title={
        <span className={styles.heading}>
          Connections
          <EnvironmentMenu canWrite={trusted && view?.writable !== false} />
        </span>
      }
      classNames={{ body: styles.body }}
    >
      <div className={styles.columns}>
        <nav className={styles.side} aria-label="Connections">
          <ul className={styles.list}>
            {items.map((each) => (
              <Item
                key={each.name}
                connection={each}
                manifest={typeOf(each.type)}
                isChosen={each.name === chosen}
                isEdited={drafts.get(each.name)?.isEdited === true}
                state={trials.of(each.name)?.state ?? null}
                onChoose={() => setChosen(each.name)}
              />
            ))}
            {drafts.has(newKey) && (
              <li>
                <button type="button" className={styles.item} aria-current={chosen === newKey || undefined} onClick={() => setChosen(newKey)}>
                  <NodeIcon icon={typeOf(drafts.get(newKey)?.type ?? '')?.icon ?? ''} kind="transform" />
                  <span className={styles.itemText}>
                    <b>{visible(drafts.get(newKey)?.name ?? '')}</b>
                    <span>not saved yet</span>
                  </span>
                </button>
              </li>
            )}
          </ul>
          <div className={styles.add}>{add}</div>
        </nav>
        <section className={styles.main}>
          {view && view.problems.length > 0 && (
            <div className={styles.notes}>
              <ProblemLines problems={view.problems} />
            </div>
          )}
          {!trusted && <p className={styles.untrusted}>This pipeline is not trusted: its connections can be looked at, not used or changed.</p>}
          {draft && manifest ? (
            <ConnectionForm
              key={`${chosen} ${view?.environment} ${saves}`}
              draft={draft}
              manifest={manifest}
              shown={shown ?? null}
              widgets={widgets}
              trial={trials.of(draft.name)}
              canWrite={trusted && view?.writable !== false}
              onChange={(change) => update(chosen, draft, change)}
              onTest={() => void trials.start(draft, manifest.version)}
              onCancelTest={() => trials.cancel(draft.name)}
              onSave={() => void save()}
              onRevert={() => {
                put(chosen, null);
                if (draft.original === null) setChosen(items[0]?.name ?? '');
              }}
              onDuplicate={() => begin(manifest, { ...draft, name: `${draft.name} copy` })}
              onDelete={() => void remove(draft.original ?? '')}
            />
          ) : shown ? (
            <Unknown connection={shown} onDelete={() => void remove(shown.name)} />
          ) : (
            <EmptyState
              title={types.length === 0 ? 'No node of this Millrace needs a connection' : 'No connections yet'}
              text="A connection says how to reach a server: host, credentials, encryption. It is made once, and any number of nodes use it. Passwords are kept apart from the file."
            >
              {types.length > 0 && add}
            </EmptyState>
          )}
        </section>
      </div>
      <footer className={styles.foot}>
        <span className={styles.path} title={view?.path}>
          {view && (
            <>
              Saved in <code>{visible(view.path.replace(/^.*[\\/]/, ''))}</code> beside the pipeline, without passwords
            </>
          )}
        </span>
        {isLeaving && unsaved.length > 0 ? (
          <>
            <span className={styles.ask} role="alert">
              {unsaved.length === 1 ? 'One connection is not saved.' : `${unsaved.length} connections are not saved.`}
            </span>
            <Button variant="subtle" color="red" onClick={() => onClose(saved)}>
              Discard and close
            </Button>
            <Button variant="default" onClick={() => setLeaving(false)}>
              Keep editing
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={leave}>
            Close
          </Button>
        )}
      </footer>
    </Modal>
  );
}

interface ItemProps {
  readonly connection: ShownConnection;
  readonly manifest: ConnectionManifest | undefined;
  readonly isChosen: boolean;
  readonly isEdited: boolean;
  readonly state: 'running' | 'ok' | 'failed' | null;
  readonly onChoose: () => void;
}

const stateWords = { running: 'being tested', ok: 'worked when it was tested', failed: 'failed when it was tested' } as const;

function Item({ connection, manifest, isChosen, isEdited, state, onChoose }: ItemProps) {
  const { name, card, known, problems, secrets } = connection;
  const users = useSession(({ pipeline, catalogue }) => usersOf(name, pipeline, catalogue).length);
  const lacks = secrets.some((secret) => secret.state === 'missing' || secret.state === 'locked');
  const isBad = problems.some(({ severity }) => severity === 'error');
  const words = [card, users > 0 ? `used by ${users === 1 ? '1 node' : `${users} nodes`}` : null].filter(Boolean).join(' · ');
  return (
    <li>
      <button type="button" className={styles.item} aria-current={isChosen || undefined} onClick={onChoose}>
        <NodeIcon icon={manifest?.icon ?? ''} kind={known ? 'transform' : null} />
        <span className={styles.itemText}>
          <b>{visible(name)}</b>
          <span>{known ? visible(isBad ? 'needs attention' : lacks ? 'a secret is missing' : words) : 'unknown type'}</span>
        </span>
        {isEdited && <i className={styles.edited} title="Not saved" role="img" aria-label="Not saved" />}
        {!isEdited && state && <i className={styles.dot} data-state={state} title={stateWords[state]} role="img" aria-label={stateWords[state]} />}
      </button>
    </li>
  );
}

function Unknown({ connection, onDelete }: { readonly connection: ShownConnection; readonly onDelete: () => void }) {
  const [asks, setAsks] = useState(false);
  return (
    <div className={styles.fields}>
      <h3 className={styles.title}>{visible(connection.name)}</h3>
      <ProblemLines problems={connection.problems} />
      <div>
        <Button variant="light" color="red" onClick={asks ? onDelete : () => setAsks(true)}>
          {asks ? 'Delete it for good' : 'Delete this connection…'}
        </Button>
      </div>
    </div>
  );
}

function NewConnection({
  types,
  disabled,
  onChoose,
}: {
  readonly types: readonly ConnectionManifest[];
  readonly disabled: boolean;
  readonly onChoose: (type: ConnectionManifest) => void;
}) {
  return (
    <Menu position="bottom-start" width={300}>
      <Menu.Target>
        <Button variant="light" leftSection={<IconPlus size={14} />} disabled={disabled || types.length === 0}>
          New connection
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {types.map((type) => (
          <Menu.Item key={type.type} leftSection={<NodeIcon icon={type.icon} kind="transform" />} onClick={() => onChoose(type)}>
            {type.title}
            <span className={styles.summary}>{type.summary}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
