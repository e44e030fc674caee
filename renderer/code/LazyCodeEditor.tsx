import { lazy, Suspense } from 'react';
import styles from './CodeEditor.module.css';
import type { CodeEditorProps } from './CodeEditor.tsx';
import { useMonaco } from './load.ts';

const CodeEditor = lazy(() => import('./CodeEditor.tsx').then((module) => ({ default: module.CodeEditor })));

/** The code editor, or until it has arrived (or where it cannot be loaded) a plain text area over the same text. */
export function LazyCodeEditor(props: Omit<CodeEditorProps, 'monaco'>) {
  const monaco = useMonaco();
  const plain = <PlainEditor {...props} />;
  if (!monaco) return plain;
  return (
    <Suspense fallback={plain}>
      <CodeEditor {...props} monaco={monaco} />
    </Suspense>
  );
}

function PlainEditor({ value, onChange, onBlur, label, size, autoFocus }: Omit<CodeEditorProps, 'monaco'>) {
  return (
    <div className={styles[size]}>
      <textarea
        className={styles.plain}
        aria-label={label}
        spellCheck={false}
        value={value}
        rows={size === 'line' ? 1 : 8}
        // biome-ignore lint/a11y/noAutofocus: it takes the place of a field that had the focus.
        autoFocus={autoFocus}
        onChange={(event) => onChange(event.target.value)}
        onBlur={onBlur}
      />
    </div>
  );
}
