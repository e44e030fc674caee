import type { editor } from 'monaco-editor/editor';
import { useEffect, useRef, useState } from 'react';
import { inputSchema } from '../../code/code-fields.ts';
import { LazyCodeEditor } from '../../code/LazyCodeEditor.tsx';
import { useSession } from '../../session/session.ts';
import { asText, textOrNull, useForm, type WidgetProps } from '../widget.ts';

/** A snippet or an SQL statement. An empty snippet shows its signature to start from. */
export function CodeWidget({ path, field, value, onChange, onDone, problems, label }: WidgetProps) {
  const { node, check } = useForm();
  const text = asText(value);
  const [started, setStarted] = useState(text !== '');
  const instance = useRef<editor.IStandaloneCodeEditor>(null);
  const focus = useSession((state) => (state.focusField?.node === node && state.focusField.field === path ? state.focusField : null));

  const reveal = () => {
    if (!focus?.line || !instance.current) return;
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
