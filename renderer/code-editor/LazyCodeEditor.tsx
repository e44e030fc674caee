import { lazy, Suspense, useState } from 'react';
import styles from './CodeEditor.module.css';
import type { CodeEditorProps } from './CodeEditor.tsx';
import { useMonaco } from './load.ts';

const CodeEditor = lazy(() => import('./CodeEditor.tsx').then((module) => ({ default: module.CodeEditor })));

/** The code editor or, until it has loaded (or if it cannot be loaded), a plain text area over the same text. */
export function LazyCodeEditor(props: Omit<CodeEditorProps, 'monaco'>) {
  const monaco = useMonaco();
  // A user who has begun to type continues in the code editor that replaces the text area. State, not a ref: what is still loading is drawn
  // with the newest.
  const [isTyping, setTyping] = useState(false);
  const autoFocus = props.autoFocus || isTyping;
  const plain = <PlainEditor {...props} autoFocus={autoFocus} onTyping={setTyping} />;
  if (!monaco) return plain;
  return (
    <Suspense fallback={plain}>
      <CodeEditor {...props} monaco={monaco} autoFocus={autoFocus} />
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
        // biome-ignore lint/a11y/noAutofocus: it replaces a field that had the focus.
        autoFocus={autoFocus}
        onChange={(event) => onChange(event.target.value)}
        onFocus={(event) => {
          if (autoFocus) event.currentTarget.setSelectionRange(event.currentTarget.value.length, event.currentTarget.value.length);
          onTyping(true);
        }}
        onBlur={() => {
          onTyping(false);
          onBlur?.();
        }}
      />
    </div>
  );
}
