import { UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { editor } from 'monaco-editor/editor';
import { useEffect, useMemo, useState } from 'react';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import type { NodeManifest, Problem } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { codeFields } from '../code-editor/code-fields.ts';
import { LazyCodeEditor } from '../code-editor/LazyCodeEditor.tsx';
import { useMonaco } from '../code-editor/load.ts';
import { inputSchema, keysOf } from '../session/fields.ts';
import { takeFocusRequest } from '../session/focus-request.ts';
import { session, useNodeCheck, usePipeline, useProblems, useSelectedNode, useSession } from '../session/session.ts';
import styles from './CodePanel.module.css';
import { setText } from './set-text.ts';

/** The code of the selected node with room to write: a tab per field, with its problems beside it. Fills its parent. */
export default function CodePanel() {
  const id = useSelectedNode();
  const node = usePipeline().nodes[id ?? ''];
  const manifest = useSession((state) => (node ? state.catalogue.get(node.type) : undefined));
  if (!id || !node || !manifest) return <div className={styles.empty}>Select a node to edit its code.</div>;
  return <NodeCode key={id} id={id} node={node} manifest={manifest} />;
}

function NodeCode({ id, node, manifest }: { readonly id: string; readonly node: PipelineNode; readonly manifest: NodeManifest }) {
  const check = useNodeCheck(id);
  const all = useProblems(id);
  const fields = useMemo(() => codeFields(manifest, node.params), [manifest, node.params]);
  const wanted = useSession((state) => (state.focusField?.node === id ? state.focusField : null));
  const [chosen, setChosen] = useState<string | null>(null);
  const [instance, setInstance] = useState<editor.IStandaloneCodeEditor | null>(null);
  const field = fields.find((candidate) => candidate.path === chosen) ?? fields[0];
  const problems = useMemo(() => all.filter((problem) => problem.field === field?.path), [all, field?.path]);
  const title = visible(node.title ?? manifest.title);

  useEffect(() => {
    if (!wanted?.field) return;
    setChosen(wanted.field);
    if (!instance || wanted.field !== field?.path || !takeFocusRequest('code', wanted.at)) return;
    if (wanted.line) {
      instance.setPosition({ lineNumber: wanted.line, column: wanted.column ?? 1 });
      instance.revealLineInCenterIfOutsideViewport(wanted.line);
    }
    instance.focus();
  }, [wanted, instance, field?.path]);

  if (!field) return <div className={styles.empty}>“{title}” has no code. Its settings are in the inspector.</div>;
  const text = field.text === '' && instance === null ? (field.field.signature ?? '') : field.text;
  return (
    <section className={styles.panel} aria-label={`Code of ${title}`}>
      <div className={styles.tabs} role="tablist">
        {fields.map(({ path, label }) => (
          <UnstyledButton key={path} role="tab" aria-selected={path === field.path} className={styles.tab} onClick={() => setChosen(path)}>
            {label}
          </UnstyledButton>
        ))}
        <span className={styles.owner}>{title}</span>
      </div>
      <div className={styles.main}>
        <div className={styles.split}>
          <LazyCodeEditor
            key={field.path}
            modelKey={`${id}/${field.path}`}
            kind={field.kind}
            field={field.field}
            size="fill"
            label={`${field.label} of ${title}`}
            value={text}
            schema={inputSchema(check, field.field)}
            keys={keysOf(field.field, { ...manifest.defaults, ...node.params })}
            problems={problems}
            onChange={(next) =>
              session.edit(`Edit ${field.label.toLowerCase()} of "${title}"`, (pipeline) => setText(pipeline, id, manifest, field.path, next), {
                merge: `param:${id}.${field.path.split('.')[0]}`,
              })
            }
            onBlur={() => session.seal()}
            onReady={setInstance}
          />
          <CodeProblems instance={instance} problems={problems} />
        </div>
      </div>
    </section>
  );
}

interface Found {
  readonly severity: Problem['severity'];
  readonly message: string;
  readonly line: number | null;
  readonly column: number;
}
const icons = { error: IconAlertCircle, warning: IconAlertTriangle, info: IconInfoCircle };

/** All problems of the text: TypeScript's during typing, and the engine's. */
function CodeProblems({ instance, problems }: { readonly instance: editor.IStandaloneCodeEditor | null; readonly problems: readonly Problem[] }) {
  const loaded = useMonaco();
  const [marked, setMarked] = useState<readonly Found[]>([]);
  useEffect(() => {
    const model = instance?.getModel();
    if (!loaded || !model) return;
    const { monaco } = loaded;
    const read = () =>
      setMarked(
        monaco.editor.getModelMarkers({ resource: model.uri }).map((marker) => ({
          severity: marker.severity >= monaco.MarkerSeverity.Error ? 'error' : marker.severity >= monaco.MarkerSeverity.Warning ? 'warning' : 'info',
          message: marker.message,
          line: marker.startLineNumber,
          column: marker.startColumn,
        })),
      );
    read();
    const subscription = monaco.editor.onDidChangeMarkers((resources) => resources.some((uri) => uri.toString() === model.uri.toString()) && read());
    return () => subscription.dispose();
  }, [instance, loaded]);

  const placeless = problems.filter((problem) => !problem.range).map(({ severity, message }) => ({ severity, message, line: null, column: 1 }));
  const found: readonly Found[] = [...placeless, ...marked];
  if (found.length === 0) return null;
  return (
    <ul className={styles.problems} aria-label="Problems of this code">
      {found.map((problem) => {
        const Icon = icons[problem.severity];
        const color = problem.severity === 'error' ? 'var(--error)' : problem.severity === 'warning' ? 'var(--warning)' : 'var(--text-2)';
        return (
          <li key={`${problem.line}:${problem.column}:${problem.message}`}>
            <UnstyledButton
              className={styles.problem}
              onClick={() => {
                if (problem.line === null || !instance) return;
                instance.setPosition({ lineNumber: problem.line, column: problem.column });
                instance.revealLineInCenterIfOutsideViewport(problem.line);
                instance.focus();
              }}
            >
              <Icon size={14} stroke={1.8} color={color} aria-label={problem.severity} />
              <span>
                {problem.message}
                {problem.line !== null && (
                  <small>
                    {problem.line}:{problem.column}
                  </small>
                )}
              </span>
            </UnstyledButton>
          </li>
        );
      })}
    </ul>
  );
}
