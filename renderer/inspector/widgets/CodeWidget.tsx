import { UnstyledButton } from '@mantine/core';
import type { editor } from 'monaco-editor/editor';
import { useEffect, useRef, useState } from 'react';
import { LazyCodeEditor } from '../../code-editor/LazyCodeEditor.tsx';
import { counted } from '../../format/run-text.ts';
import { inputSchema, keysOf } from '../../session/fields.ts';
import { takeFocusRequest } from '../../session/focus-request.ts';
import { session, usePipeline, useSession } from '../../session/session.ts';
import { Highlighted } from '../form/Highlighted.tsx';
import styles from '../form/Widgets.module.css';
import { asText, textOrNull, useForm, type WidgetProps } from '../form/widget.ts';

/** The number of lines of a snippet that are shown here while it is edited elsewhere. */
const glimpsedLines = 6;

/** A snippet or an SQL statement. An empty snippet shows its signature to start from. */
export function CodeWidget(props: WidgetProps) {
  const { path, field, value, label } = props;
  const { node } = useForm();
  const dockHasCode = useSession((state) => state.settings.dock && state.dockTab === 'data');
  if (field.kind !== 'code' || !dockHasCode) return <EmbeddedCode {...props} />;
  const lines = (asText(value) || field.signature || '').trimEnd().split('\n');
  return (
    <UnstyledButton className={styles.glimpse} aria-label={`Edit ${label}`} title="Edit beside the data" onClick={() => session.showField(node, path)}>
      <Highlighted source={lines.slice(0, glimpsedLines).join('\n')} />
      {lines.length > glimpsedLines && `\n… ${counted(lines.length - glimpsedLines, 'more line')}`}
    </UnstyledButton>
  );
}

function EmbeddedCode({ path, field, value, onChange, onDone, problems, label }: WidgetProps) {
  const { node, check } = useForm();
  const { params = {} } = usePipeline().nodes[node] ?? {};
  const text = asText(value);
  const [started, setStarted] = useState(text !== '');
  const instance = useRef<editor.IStandaloneCodeEditor>(null);
  const focus = useSession((state) => (state.focusField?.node === node && state.focusField.field === path ? state.focusField : null));

  const reveal = () => {
    if (!focus?.line || !instance.current || !takeFocusRequest('code', focus.at)) return;
    instance.current.setPosition({ lineNumber: focus.line, column: focus.column ?? 1 });
    instance.current.revealLineInCenterIfOutsideViewport(focus.line);
    instance.current.focus();
  };
  useEffect(reveal, [focus]);

  return (
    <LazyCodeEditor
      modelKey={`${node}/${path}`}
      kind={field.kind === 'sql' ? 'sql' : 'code'}
      field={field}
      size="box"
      label={label}
      value={started || text !== '' ? text : (field.signature ?? '')}
      schema={inputSchema(check, field)}
      keys={keysOf(field, params)}
      problems={problems}
      onChange={(next) => {
        setStarted(true);
        onChange(textOrNull(next, field), 'typing');
      }}
      onBlur={onDone}
      onReady={(created) => {
        instance.current = created;
        reveal();
      }}
    />
  );
}
