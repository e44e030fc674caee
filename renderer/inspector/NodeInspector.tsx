import { SegmentedControl, Textarea, TextInput, UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { setNode, setParam } from '../../engine/document/edits.ts';
import type { ErrorPolicy, PipelineNode } from '../../engine/document/pipeline.ts';
import type { NodeCheck, NodeManifest } from '../../engine/protocol/messages.ts';
import { itemAt } from '../../model/faults/missing.ts';
import { secretNameFor } from '../../model/text/secret-reference.ts';
import { visible } from '../../model/text/visible-text.ts';
import type { Json, Schema } from '../../model/values/types.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { titleLimit } from '../graph/rename.ts';
import { TypeIcon } from '../grid/TypeIcon.tsx';
import { session, useNodeCheck, useProblems } from '../session/session.ts';
import { Markdown } from '../shell/Markdown.tsx';
import { problemsOutside } from '../shell/problems/field-problems.ts';
import { Address } from './Address.tsx';
import { Form } from './form/Form.tsx';
import styles from './form/Inspector.module.css';
import { LimitNote } from './form/LimitNote.tsx';
import { ProblemLines } from './form/ProblemLines.tsx';
import { FormContext } from './form/widget.ts';
import { Section } from './Section.tsx';
import { widgets } from './widgets/registry.ts';

const policies: readonly { readonly value: ErrorPolicy; readonly label: string; readonly help: string }[] = [
  { value: 'stop', label: 'Stop', help: 'The first row that fails ends the run.' },
  { value: 'skip', label: 'Skip', help: 'Rows that fail are left out and counted.' },
  { value: 'route', label: 'Route', help: 'Rows that fail leave through the port “errors”, with the reason.' },
  { value: 'keep', label: 'Keep', help: 'Rows that fail are kept in the errors table of this pipeline. Fix the node, then replay them from the run panel.' },
];

interface NodeInspectorProps {
  readonly id: string;
  readonly node: PipelineNode;
  readonly manifest: NodeManifest;
}

/** Everything about one node: what it is, its params, and its error policy. */
export function NodeInspector({ id, node, manifest }: NodeInspectorProps) {
  const check = useNodeCheck(id);
  const problems = useProblems(id);
  const values = useMemo(() => ({ ...manifest.defaults, ...node.params }), [manifest, node.params]);
  const form = useMemo(
    () => ({ node: id, check, problems, widgets, values, secretName: (field: string) => secretNameFor(id, field) }),
    [id, check, problems, values],
  );
  const defaultPolicy = check?.defaultPolicy ?? 'stop';
  const policy = policies.find(({ value }) => value === (node.onError ?? defaultPolicy)) ?? itemAt(policies, 0);
  const title = node.title ?? manifest.title;

  const setValue = (name: string, value: Json, how?: 'typing') =>
    session.edit(
      `Change ${manifest.params[name]?.label.toLowerCase() ?? name} of "${title}"`,
      (pipeline) => setParam(pipeline, id, name, value, manifest.defaults[name]),
      how === 'typing' ? { merge: `param:${id}.${name}` } : undefined,
    );
  return (
    <FormContext.Provider value={form}>
      <NodeHeader id={id} node={node} manifest={manifest} />
      <div className={styles.content}>
        <ProblemLines problems={problemsOutside(problems, Object.keys(manifest.params))} />
        {check?.address && <Address node={id} address={check.address} />}
        <Form fields={manifest.params} values={values} onChange={setValue} onDone={() => session.seal()} />
        <div className={styles.divider} />
        <div className={styles.field}>
          <div className={styles.label}>When a row fails</div>
          <SegmentedControl
            fullWidth
            aria-label="When a row fails"
            data={policies.map(({ value, label }) => ({ value, label }))}
            value={policy.value}
            onChange={(value) =>
              session.edit(`Change error policy of "${title}"`, (pipeline) =>
                setNode(pipeline, id, { onError: value === defaultPolicy ? null : (value as ErrorPolicy) }),
              )
            }
          />
          <div className={styles.help}>{policy.help}</div>
        </div>
        <div className={styles.field}>
          <label className={styles.label} htmlFor={`${id}-note`}>
            Note
          </label>
          <Textarea
            id={`${id}-note`}
            autosize
            minRows={1}
            maxRows={8}
            placeholder="Why this node is here"
            value={node.note ?? ''}
            onChange={(event) => {
              const note = event.currentTarget.value;
              session.edit(`Change note of "${title}"`, (pipeline) => setNode(pipeline, id, { note }), { merge: `note:${id}` });
            }}
            onBlur={() => session.seal()}
          />
        </div>
      </div>
      {check?.outputs.map((port) => (
        <SchemaSection
          key={port.name}
          name={`out.${port.name}`}
          title={check.outputs.length > 1 ? `Columns out: ${port.label}` : 'Columns out'}
          schema={port.schema}
        />
      ))}
      {manifest.kind === 'sink' && <SinkSchema check={check} />}
      <Section name="docs" title="About this node">
        <Markdown source={manifest.docs || manifest.summary} />
      </Section>
      {manifest.examples.length > 0 && (
        <Section name="examples" title="Examples" detail={String(manifest.examples.length)}>
          <ul className={styles.examples}>
            {manifest.examples.map((example) => (
              <li key={example.title}>
                <span>{example.title}</span>
                <UnstyledButton
                  className={styles.link}
                  aria-label={`Use the params of "${example.title}"`}
                  onClick={() =>
                    session.edit(`Use example "${example.title}"`, (pipeline) =>
                      Object.entries({ ...manifest.defaults, ...example.params }).reduce(
                        (next, [name, value]) => setParam(next, id, name, value, manifest.defaults[name]),
                        pipeline,
                      ),
                    )
                  }
                >
                  Use
                </UnstyledButton>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </FormContext.Provider>
  );
}

function NodeHeader({ id, node, manifest }: NodeInspectorProps) {
  return (
    <header className={styles.header}>
      <NodeIcon icon={manifest.icon} kind={manifest.kind} />
      <div className={styles.headerText}>
        <TextInput
          variant="unstyled"
          classNames={{ input: styles.title }}
          aria-label="Node title"
          placeholder={manifest.title}
          value={node.title ?? ''}
          title={node.title && visible(node.title)}
          maxLength={titleLimit}
          spellCheck={false}
          onChange={(event) => {
            const title = event.currentTarget.value;
            session.edit('Rename node', (pipeline) => setNode(pipeline, id, { title }), { merge: `title:${id}` });
          }}
          onBlur={() => session.seal()}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
        <LimitNote text={node.title ?? ''} />
        <div className={styles.identity} title={manifest.summary}>
          {node.title ? <span>{manifest.title}</span> : <span className={styles.summary}>{manifest.summary}</span>}
          <code>{id}</code>
        </div>
      </div>
    </header>
  );
}

function SinkSchema({ check }: { readonly check: NodeCheck | null }) {
  const port = check?.inputs[0];
  return port ? <SchemaSection name="in" title="Columns in" schema={port.schema} /> : null;
}

function SchemaSection({ name, title, schema }: { readonly name: string; readonly title: string; readonly schema: Schema | null }) {
  return (
    <Section name={name} title={title} detail={schema ? String(schema.columns.length) : 'not known yet'}>
      {schema ? (
        <ul className={styles.schema}>
          {schema.columns.map((column) => (
            <li key={column.name}>
              <TypeIcon type={column.type} />
              <span>{visible(column.name)}</span>
              <small>
                {column.type}
                {column.nullable ? ' or null' : ''}
              </small>
            </li>
          ))}
        </ul>
      ) : (
        <div className={styles.help}>Columns are known once the node’s inputs and params are complete.</div>
      )}
    </Section>
  );
}
