// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a look and a layout of its own.

import { ActionIcon, Button, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconRoute, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { setParameter, setPipeline } from '../../engine/document/edits.ts';
import type { Parameter } from '../../engine/document/pipeline.ts';
import type { FieldManifest } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { exactNumber } from '../../model/values/exact-number.ts';
import { titleLimit } from '../graph/rename.ts';
import { session, usePipeline, useSession } from '../session/session.ts';
import styles from './form/Inspector.module.css';
import { LimitNote } from './form/LimitNote.tsx';
import { numberText, plainText, useTypedText } from './form/typed-text.ts';
import parts from './form/Widgets.module.css';

/** An empty default stays empty: there is none to fall back to. */
const defaultField: FieldManifest = { kind: 'number', label: 'Default', default: '' };

/** The pipeline itself, shown while no node is selected: name, description, parameters. */
export function PipelineInspector() {
  const pipeline = usePipeline();
  const path = useSession((state) => state.path);
  const nodes = Object.keys(pipeline.nodes).length;
  return (
    <>
      <header className={styles.header}>
        <span className={styles.pipelineIcon} aria-hidden>
          <IconRoute size={16} stroke={1.7} />
        </span>
        <div className={styles.headerText}>
          <TextInput
            variant="unstyled"
            classNames={{ input: styles.title }}
            aria-label="Pipeline name"
            value={pipeline.name}
            title={visible(pipeline.name)}
            maxLength={titleLimit}
            spellCheck={false}
            onChange={(event) => {
              const name = event.currentTarget.value;
              session.edit('Rename pipeline', (old) => setPipeline(old, { name }), { merge: 'pipeline:name' });
            }}
            onBlur={() => session.seal()}
          />
          <LimitNote text={pipeline.name} />
          <div className={styles.identity} title={path ? visible(path) : undefined}>
            <span className={styles.summary}>
              {nodes} {nodes === 1 ? 'node' : 'nodes'}
              {path ? ` · ${visible(path)}` : ' · not saved yet'}
            </span>
          </div>
        </div>
      </header>
      <div className={styles.content}>
        <div className={styles.field}>
          <label className={styles.label} htmlFor="pipeline-description">
            Description
          </label>
          <Textarea
            id="pipeline-description"
            autosize
            minRows={2}
            maxRows={12}
            placeholder="What this pipeline is for"
            value={pipeline.description ?? ''}
            onChange={(event) => {
              const description = event.currentTarget.value;
              session.edit('Describe pipeline', (old) => setPipeline(old, { description: description || undefined }), { merge: 'pipeline:description' });
            }}
            onBlur={() => session.seal()}
          />
        </div>
        <div className={styles.field}>
          <div className={styles.label}>Parameters</div>
          <div className={styles.help}>
            Values that can be set for each run. Write <code>{'${name}'}</code> in a text, path or SQL field to use one.
          </div>
          {Object.entries(pipeline.parameters).map(([name, parameter]) => (
            <ParameterRow key={name} name={name} parameter={parameter} />
          ))}
          <NewParameter taken={Object.keys(pipeline.parameters)} />
        </div>
      </div>
    </>
  );
}

function ParameterRow({ name, parameter }: { readonly name: string; readonly parameter: Parameter }) {
  const set = (change: Partial<Parameter>, merge?: string) =>
    session.edit(
      `Change parameter ${name}`,
      (old) => setParameter(old, name, { ...parameter, ...change }),
      merge ? { merge: `parameter:${name}.${merge}` } : undefined,
    );
  return (
    <div className={styles.parameter} role="group" aria-label={`Parameter ${name}`}>
      <div className={styles.parameterHead}>
        <code>{visible(name)}</code>
        <Select
          aria-label={`Type of ${name}`}
          data={['text', 'number', 'boolean']}
          value={parameter.type}
          allowDeselect={false}
          w={92}
          onChange={(type) => type && set({ type: type as Parameter['type'], default: converted(parameter.default, type as Parameter['type']) })}
        />
        <ActionIcon
          size={22}
          aria-label={`Remove parameter ${name}`}
          onClick={() => session.edit(`Remove parameter ${name}`, (old) => setParameter(old, name, null))}
        >
          <IconX size={14} />
        </ActionIcon>
      </div>
      {parameter.type === 'boolean' ? (
        <Switch label="Default" checked={parameter.default === true} onChange={(event) => set({ default: event.currentTarget.checked })} />
      ) : (
        <DefaultInput name={name} parameter={parameter} onSet={(value) => set({ default: value }, 'default')} />
      )}
      <TextInput
        aria-label={`Description of ${name}`}
        placeholder="Description"
        value={parameter.description ?? ''}
        onChange={(event) => set({ description: event.currentTarget.value || undefined }, 'description')}
        onBlur={() => session.seal()}
      />
    </div>
  );
}

function DefaultInput({ name, parameter, onSet }: { readonly name: string; readonly parameter: Parameter; readonly onSet: (value: string | number) => void }) {
  const isNumber = parameter.type === 'number';
  const { text, take, leave } = useTypedText(parameter.default, defaultField, isNumber ? numberText : plainText);
  const read = isNumber ? exactNumber(text) : null;
  return (
    <TextInput
      aria-label={`Default of ${name}`}
      placeholder="Default"
      value={text}
      error={read?.ok === false ? `This ${read.why}. ${read.hint}` : undefined}
      spellCheck={false}
      onChange={(event) => onSet(take(event.currentTarget.value) as string | number)}
      onBlur={() => {
        leave();
        session.seal();
      }}
    />
  );
}

function NewParameter({ taken }: { readonly taken: readonly string[] }) {
  const [name, setName] = useState('');
  const wrong =
    name !== '' && (!/^[A-Za-z_]\w*$/.test(name) || name === '__proto__')
      ? 'Letters, digits and _, starting with a letter.'
      : taken.includes(name)
        ? 'A parameter with this name already exists.'
        : undefined;
  const add = () => {
    if (name === '' || wrong) return;
    session.edit(`Add parameter ${name}`, (old) => setParameter(old, name, { type: 'text', default: '' }));
    setName('');
  };
  return (
    <div className={parts.addRow}>
      <TextInput
        style={{ flex: 1 }}
        aria-label="Name of the new parameter"
        placeholder="new_parameter"
        value={name}
        error={wrong}
        spellCheck={false}
        onChange={(event) => setName(event.currentTarget.value.trim())}
        onKeyDown={(event) => event.key === 'Enter' && add()}
      />
      <Button variant="default" leftSection={<IconPlus size={13} />} disabled={name === '' || wrong !== undefined} onClick={add}>
        Add
      </Button>
    </div>
  );
}

function converted(value: Parameter['default'], type: Parameter['type']): Parameter['default'] {
  if (type === 'boolean') return value === true || value === 'true';
  if (type === 'number') return Number.isFinite(Number(value)) ? Number(value) : 0;
  return String(value);
}
