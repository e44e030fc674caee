import { ActionIcon, Button, Loader, Menu, TextInput, UnstyledButton } from '@mantine/core';
import { IconCircleCheck, IconCopy, IconDots, IconPlugConnected, IconTrash } from '@tabler/icons-react';
import { useId, useMemo, useState } from 'react';
import type { ConnectionManifest, ShownConnection } from '../../../engine/protocol/messages.ts';
import { secretNameFor } from '../../../model/text/secret-reference.ts';
import { visible } from '../../../model/text/visible-text.ts';
import { titleOf } from '../../graph/flow.ts';
import { NodeIcon } from '../../graph/NodeIcon.tsx';
import { session, useSession } from '../../session/session.ts';
import { Markdown } from '../../shell/Markdown.tsx';
import { Form } from '../form/Form.tsx';
import formStyles from '../form/Inspector.module.css';
import { ProblemLines } from '../form/ProblemLines.tsx';
import { FormContext, type Widgets } from '../form/widget.ts';
import { Section } from '../Section.tsx';
import styles from './Connections.module.css';
import { type Draft, usersOf } from './draft.ts';
import type { Trial } from './use-trials.ts';

interface Props {
  readonly draft: Draft;
  readonly manifest: ConnectionManifest;
  /** As it is saved; null for a new one. */
  readonly shown: ShownConnection | null;
  readonly widgets: Widgets;
  readonly trial: Trial | null;
  readonly canWrite: boolean;
  readonly onChange: (change: (draft: Draft) => Partial<Draft>) => void;
  readonly onTest: () => void;
  readonly onCancelTest: () => void;
  readonly onSave: () => void;
  readonly onRevert: () => void;
  readonly onDuplicate: () => void;
  readonly onDelete: () => void;
}

/** One connection: its name, the fields of its type, and whether it works. */
export function ConnectionForm(props: Props) {
  const { draft, manifest, shown, widgets, trial, canWrite, onChange } = props;
  const environment = useSession((state) => state.connections?.environment ?? null);
  const nameId = useId();
  const ofTrial = trial?.state === 'failed' ? [trial.problem] : [];
  const problems = useMemo(() => [...(draft.isEdited ? [] : (shown?.problems ?? [])), ...ofTrial], [draft.isEdited, shown, ofTrial]);
  const form = useMemo(
    () => ({
      node: '',
      check: null,
      problems,
      widgets,
      values: draft.params,
      secrets: {
        texts: draft.texts,
        onChange: (reference: string, text: string | null) =>
          onChange(({ texts: { [reference]: _, ...others } }) => ({ texts: text === null ? others : { ...others, [reference]: text } })),
      },
      secretName: (field: string) => secretNameFor(draft.name, ...(environment === null ? [] : [environment]), field),
      isInherited: (field: string) => environment !== null && draft.original !== null && !shown?.ownParams.includes(field.split('.')[0] ?? ''),
    }),
    [problems, widgets, draft, environment, shown, onChange],
  );
  const outside = problems.filter(({ field }) => field === undefined || !Object.hasOwn(manifest.params, field.split('.')[0] ?? ''));
  return (
    <FormContext.Provider value={form}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (draft.isEdited && canWrite) props.onSave();
        }}
      >
        <header className={styles.head}>
          <NodeIcon icon={manifest.icon} kind="transform" />
          <span>{manifest.title}</span>
          <More {...props} />
        </header>
        <div className={styles.fields}>
          {draft.original !== null && environment !== null && (
            <p className={styles.note}>
              What you change here holds in the environment <b>{visible(environment)}</b> only.
            </p>
          )}
          <div className={formStyles.field}>
            <label className={formStyles.label} htmlFor={nameId}>
              Name
            </label>
            <TextInput
              id={nameId}
              value={draft.name}
              maxLength={64}
              spellCheck={false}
              disabled={!canWrite}
              data-autofocus={draft.original === null || undefined}
              onChange={(event) => {
                const name = event.currentTarget.value;
                onChange(() => ({ name }));
              }}
            />
            <div className={formStyles.help}>What nodes and the file call it.</div>
          </div>
          <Form
            fields={manifest.params}
            values={draft.params}
            onChange={(name, value) => onChange(({ params }) => ({ params: { ...params, [name]: value } }))}
            onDone={() => {}}
          />
          <ProblemLines problems={outside} />
          {draft.original !== null && <UsedBy name={draft.original} />}
        </div>
        <Section name="connection-docs" title={`About ${manifest.title} connections`}>
          <Markdown source={manifest.docs || manifest.summary} />
        </Section>
        <Actions {...props} />
      </form>
    </FormContext.Provider>
  );
}

function Actions({ draft, trial, canWrite, onTest, onCancelTest, onRevert }: Props) {
  return (
    <div className={styles.actions}>
      {trial?.state === 'running' ? (
        <Button variant="default" leftSection={<Loader size={12} />} onClick={onCancelTest}>
          Cancel test
        </Button>
      ) : (
        <Button variant="default" leftSection={<IconPlugConnected size={14} />} disabled={!canWrite} onClick={onTest}>
          Test
        </Button>
      )}
      <span className={styles.outcome} role="status">
        {trial?.state === 'running' && 'Connecting…'}
        {trial?.state === 'ok' && (
          <span className={styles.works}>
            <IconCircleCheck size={15} aria-hidden /> Connected: {visible(trial.message)}
          </span>
        )}
        {trial?.state === 'failed' && <span className={styles.fails}>It could not connect. See above.</span>}
      </span>
      <Button variant="subtle" disabled={!draft.isEdited} onClick={onRevert}>
        {draft.original === null ? 'Discard' : 'Revert'}
      </Button>
      <Button type="submit" disabled={!draft.isEdited || !canWrite || draft.name.trim() === ''}>
        Save
      </Button>
    </div>
  );
}

function More({ draft, canWrite, onDuplicate, onDelete }: Props) {
  const users = useSession(({ pipeline, catalogue }) => (draft.original === null ? 0 : usersOf(draft.original, pipeline, catalogue).length));
  const [asks, setAsks] = useState(false);
  if (draft.original === null) return null;
  if (asks) {
    return (
      <span className={styles.askDelete} role="alert">
        {users > 0 ? `${users === 1 ? 'A node' : `${users} nodes`} of this pipeline would lose it.` : 'Other pipelines of this folder may use it.'}
        <Button size="compact-xs" variant="light" color="red" onClick={onDelete}>
          Delete
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => setAsks(false)}>
          Keep
        </Button>
      </span>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label="More" className={styles.more} disabled={!canWrite}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconCopy size={14} />} onClick={onDuplicate}>
          Duplicate
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={14} />} color="red" onClick={() => setAsks(true)}>
          Delete…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The nodes of the document that use it; a click shows one. */
function UsedBy({ name }: { readonly name: string }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const users = usersOf(name, pipeline, catalogue);
  return (
    <div className={formStyles.field}>
      <div className={formStyles.label}>Used by</div>
      <div className={styles.users}>
        {users.map(({ node, param }) => (
          <UnstyledButton key={node} className={styles.user} onClick={() => session.showField(node, param)}>
            <NodeIcon icon={catalogue.get(pipeline.nodes[node]?.type ?? '')?.icon ?? ''} kind={catalogue.get(pipeline.nodes[node]?.type ?? '')?.kind ?? null} />
            {visible(titleOf(node, pipeline.nodes[node], catalogue))}
          </UnstyledButton>
        ))}
        {users.length === 0 && <span className={formStyles.help}>No node of this pipeline.</span>}
      </div>
    </div>
  );
}
