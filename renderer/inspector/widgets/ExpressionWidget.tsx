// biome-ignore-all lint/a11y/noStaticElementInteractions: it watches where the focus goes.
import { useRef, useState } from 'react';
import { LazyCodeEditor } from '../../code-editor/LazyCodeEditor.tsx';
import { useMonaco } from '../../code-editor/load.ts';
import { inputSchema } from '../../session/fields.ts';
import { Highlighted } from '../form/Highlighted.tsx';
import styles from '../form/Widgets.module.css';
import { asText, hasError, textOrNull, useForm, type WidgetProps } from '../form/widget.ts';

/** An expression over `row`. It is drawn as highlighted text, and becomes the code editor while it has the focus. */
export function ExpressionWidget({ id, path, field, value, onChange, onDone, problems, describedBy, label }: WidgetProps) {
  const { node, check } = useForm();
  const [active, setActive] = useState(false);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Loaded as soon as there is an expression to edit, so that it is ready for a click.
  useMonaco();
  const text = asText(value);
  if (!active) {
    return (
      // biome-ignore lint/a11y/useSemanticElements: an input cannot show colours; it becomes a text area on focus.
      <div
        id={id}
        role="textbox"
        tabIndex={0}
        aria-label={label}
        aria-describedby={describedBy}
        aria-invalid={hasError(problems) || undefined}
        className={styles.expression}
        onFocus={() => setActive(true)}
      >
        {text === '' ? <span className={styles.placeholder}>{field.placeholder ?? 'row.column'}</span> : <Highlighted source={text} />}
      </div>
    );
  }
  return (
    <div onFocus={() => clearTimeout(leaving.current)} data-invalid={hasError(problems) || undefined}>
      <LazyCodeEditor
        modelKey={`${node}/${path}`}
        kind="expression"
        field={field}
        size="line"
        autoFocus
        label={label}
        value={text}
        schema={inputSchema(check, field)}
        problems={problems}
        onChange={(next) => onChange(textOrNull(next, field), 'typing')}
        onBlur={() => {
          onDone();
          // Another window in front, or a widget of the editor itself, does not end editing.
          leaving.current = setTimeout(() => document.hasFocus() && setActive(false), 80);
        }}
      />
    </div>
  );
}
