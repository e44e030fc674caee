import { lazy, Suspense, useRef } from 'react';
import styles from './CodeEditor.module.css';
import type { CodeEditorProps } from './CodeEditor.tsx';
import { useMonaco } from './load.ts';

const CodeEditor = lazy(() => import('./CodeEditor.tsx').then((module) => ({ default: module.CodeEditor })));

/** The code editor, or until it has arrived (or where it cannot be loaded) a plain text area over the same text. */
export function LazyCodeEditor(props: Omit<CodeEditorProps, 'monaco'>) {
  const monaco = useMonaco();
  const typing = useRef(false);
  const plain = <PlainEditor {...props} onTyping={(now) => (typing.current = now)} />;
  if (!monaco) return plain;
  return (
    <Suspense fallback={plain}>
      {/* Who has begun to write in the text area goes on in the editor that takes its place. */}
      <CodeEditor {...props} monaco={monaco} autoFocus={props.autoFocus || typing.current} />
    </Suspense>
  );
}

function PlainEditor({
  value,
  onChange,
  onBlur,
  label,
  size,
  autoFocus,
  onTyping,
}: Omit<CodeEditorProps, 'monaco'> & { readonly onTyping: (now: boolean) => void }) {
  return (
    <div className={styles[size]}>
      <textarea
        className={styles.plain}
        aria-label={label}
        spellCheck={false}
        value={value}
        rows={size === 'line' || size === 'query' ? 1 : 8}
        // biome-ignore lint/a11y/noAutofocus: it takes the place of a field that had the focus.
        autoFocus={autoFocus}
        onChange={(event) => onChange(event.target.value)}
        onFocus={() => onTyping(true)}
        onBlur={() => {
          onTyping(false);
          onBlur?.();
        }}
      />
    </div>
  );
}
