import type { editor } from 'monaco-editor/editor';
import { useEffect, useLayoutEffect, useRef } from 'react';
import type { FieldManifest, Problem } from '../../engine/protocol/messages.ts';
import { missing } from '../../model/faults/missing.ts';
import type { Schema } from '../../model/values/types.ts';
import { focusCanvas } from '../shell/focus-canvas.ts';
import { useColorScheme } from '../theme/use-color-scheme.ts';
import styles from './CodeEditor.module.css';
import type { CodeKind } from './code-fields.ts';
import { completeColumns } from './column-completion.ts';
import type { Monaco } from './load.ts';
import { watchProblems } from './markers.ts';
import { acquireModel, releaseModel, replaceText } from './models.ts';
import { rowTypes } from './row-types.ts';
import { themeNames } from './themes.ts';

export interface CodeEditorProps {
  readonly monaco: Monaco;
  /** Unique per document, node and field: editors with the same key share one text. */
  readonly modelKey: string;
  readonly kind: CodeKind;
  readonly field?: Pick<FieldManifest, 'returns'>;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly onBlur?: () => void;
  /** Accessible name. */
  readonly label: string;
  readonly schema: Schema | null;
  /** For keyed modules: the key columns. */
  readonly keys?: readonly string[] | null;
  readonly problems: readonly Problem[];
  /** One line that grows with its text (expressions), a few lines (queries), a box that grows up to a limit, or all available room. */
  readonly size: 'line' | 'query' | 'box' | 'fill';
  readonly autoFocus?: boolean;
  /** Ctrl+Enter. */
  readonly onSubmit?: () => void;
  readonly onReady?: (instance: editor.IStandaloneCodeEditor) => void;
}

const bound = { leave: 'Back to the canvas', submit: 'Run the statement', done: 'Keep the expression' } as const;
const lineHeight = 19;
const boxLines = { line: [1, 8], query: [1, 8], box: [8, 24], fill: [1, 1] } as const;

/** Monaco over one field. The text is the document's: each change is passed on at once, and changes from elsewhere are applied. */
export function CodeEditor(props: CodeEditorProps) {
  const { monaco: loaded, modelKey, kind, field, value, label, schema, problems, size, autoFocus } = props;
  const { monaco, overflow, setRowTypes } = loaded;
  const host = useRef<HTMLDivElement>(null);
  const instance = useRef<editor.IStandaloneCodeEditor | null>(null);
  const current = useRef(props);
  current.current = props;
  /** Texts that were passed on and have not come back as `value` yet, oldest first. */
  const sent = useRef<string[]>([]);
  const scheme = useColorScheme();

  const applyTypes = () => {
    const { schema: now, keys } = current.current;
    if (kind === 'sql') return;
    setRowTypes(rowTypes(now, kind === 'expression', keys));
    completeColumns(monaco, now?.columns ?? []);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: an editor lives as long as it shows the same field; all else is read when needed.
  useLayoutEffect(() => {
    applyTypes();
    const model = acquireModel(loaded, modelKey, kind, current.current.value, field?.returns);
    replaceText(model, current.current.value);
    const place = host.current ?? missing('the place of the code editor');
    const created = monaco.editor.create(place, { ...baseOptions, ...sizeOptions[size], model, ariaLabel: label, overflowWidgetsDomNode: overflow });
    instance.current = created;

    const resize = () => {
      if (size === 'fill') return;
      const [least, most] = boxLines[size];
      const height = Math.min(most * lineHeight, Math.max(least * lineHeight, created.getContentHeight() - 8)) + 8;
      place.style.height = `${height}px`;
      created.layout({ width: place.clientWidth, height });
    };
    created.onDidContentSizeChange(resize);
    resize();
    created.onDidChangeModelContent(() => {
      const text = model.getValue();
      if (text === (sent.current.at(-1) ?? current.current.value)) return;
      sent.current.push(text);
      current.current.onChange(text);
    });
    created.onDidFocusEditorText(applyTypes);
    created.onDidBlurEditorWidget(() => current.current.onBlur?.());
    const nothingOpen =
      '!suggestWidgetVisible && !findWidgetVisible && !parameterHintsVisible && !renameInputVisible && !inSnippetMode && !editorHasMultipleSelections';
    // Actions belong to their editor; commands (`addCommand`) would take the key from all editors of the page.
    const bind = (id: keyof typeof bound, key: number, when: string, run: () => void) =>
      created.addAction({ id: `millrace.${id}`, label: bound[id], keybindings: [key], keybindingContext: when, run });
    bind('leave', monaco.KeyCode.Escape, nothingOpen, focusCanvas);
    if (current.current.onSubmit) bind('submit', monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, 'editorTextFocus', () => current.current.onSubmit?.());
    if (size === 'line')
      bind('done', monaco.KeyCode.Enter, 'editorTextFocus && !suggestWidgetVisible && !renameInputVisible', () => current.current.onBlur?.());
    if (autoFocus) {
      created.setPosition(model.getFullModelRange().getEndPosition());
      created.focus();
    }
    current.current.onReady?.(created);
    return () => {
      instance.current = null;
      created.dispose();
      releaseModel(modelKey);
    };
  }, [modelKey, kind, size, loaded]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another schema is another Row, and other keys are another Key.
  useEffect(applyTypes, [schema, props.keys?.join()]);
  useEffect(() => {
    const model = instance.current?.getModel();
    // Our own text comes back later than the next keystroke: applying it again would undo that.
    const echo = sent.current.lastIndexOf(value);
    sent.current.splice(0, echo < 0 ? sent.current.length : echo + 1);
    if (model && echo < 0) replaceText(model, value);
  }, [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another key is another model.
  useEffect(() => {
    const model = instance.current?.getModel();
    if (!model) return;
    const watch = watchProblems(monaco, model, problems);
    return () => watch.dispose();
  }, [problems, modelKey, monaco]);
  useEffect(() => monaco.editor.setTheme(themeNames[scheme]), [scheme, monaco]);
  useEffect(() => instance.current?.updateOptions({ ariaLabel: label }), [label]);

  return <div ref={host} className={styles[size]} data-kind={kind} />;
}

const baseOptions: editor.IStandaloneEditorConstructionOptions = {
  automaticLayout: true,
  fontFamily: '"JetBrains Mono", ui-monospace, Menlo, monospace',
  fontSize: 12.5,
  lineHeight,
  fontLigatures: false,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  renderLineHighlight: 'line',
  overviewRulerLanes: 0,
  overviewRulerBorder: false,
  hideCursorInOverviewRuler: true,
  padding: { top: 4, bottom: 4 },
  smoothScrolling: false,
  cursorBlinking: 'smooth',
  bracketPairColorization: { enabled: false },
  guides: { indentation: false },
  stickyScroll: { enabled: false },
  folding: false,
  glyphMargin: false,
  lineNumbersMinChars: 3,
  lineDecorationsWidth: 6,
  quickSuggestions: { other: true, strings: false, comments: false },
  suggest: { showWords: false, preview: false },
  wordBasedSuggestions: 'off',
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, alwaysConsumeMouseWheel: false },
  // The same element and behaviour in all versions of Chrome: assistive tools and tests find a text area.
  editContext: false,
  accessibilitySupport: 'auto',
  fixedOverflowWidgets: true,
};
const sizeOptions = {
  line: {
    lineNumbers: 'off',
    wordWrap: 'on',
    renderLineHighlight: 'none',
    lineDecorationsWidth: 8,
    lineNumbersMinChars: 0,
    contextmenu: false,
    tabFocusMode: true,
    scrollbar: { vertical: 'auto', horizontal: 'hidden', verticalScrollbarSize: 6, alwaysConsumeMouseWheel: false },
    find: { addExtraSpaceOnTop: false, autoFindInSelection: 'never', seedSearchStringFromSelection: 'never' },
  },
  query: { lineNumbers: 'off', wordWrap: 'on', renderLineHighlight: 'none', lineDecorationsWidth: 8, lineNumbersMinChars: 0 },
  box: { lineNumbers: 'on', wordWrap: 'off' },
  fill: { lineNumbers: 'on', wordWrap: 'off', folding: true },
} as const satisfies { readonly [size: string]: editor.IStandaloneEditorConstructionOptions };
