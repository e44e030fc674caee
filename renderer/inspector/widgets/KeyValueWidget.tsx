// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a look and a layout of its own.
import { ActionIcon, Autocomplete, Button, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Json } from '../../../model/values/types.ts';
import { inputSchema } from '../../session/fields.ts';
import { session } from '../../session/session.ts';
import { ProblemLines } from '../form/ProblemLines.tsx';
import { type Pair, unusedPairs } from '../form/unused-pairs.ts';
import { useAddedFocus } from '../form/use-added-focus.ts';
import styles from '../form/Widgets.module.css';
import { hasError, useForm, type WidgetProps } from '../form/widget.ts';
import { ColumnPicker } from './ColumnPicker.tsx';

/**
 * By document, node and field, the rows as they were typed: a param cannot contain rows without a name or two of one name. They are shown
 * again when the node is selected again.
 */
const typed = new Map<string, readonly Pair[]>();

/** Rows of name and value. A row counts once it has a name; of two with the same name, the later one. */
export function KeyValueWidget({ path, field, value, onChange, onDone, problems, label }: WidgetProps) {
  const { node, check } = useForm();
  const stored = pairsOf(value);
  const key = JSON.stringify([session.state.documentId, node, path]);
  const [draft, setDraft] = useState(typed.get(key) ?? null);
  // It is discarded when the value was changed elsewhere.
  const rows = draft && sameRecord(recordOf(draft), recordOf(stored)) ? draft : stored;
  const { ref, added } = useAddedFocus<HTMLDivElement>(rows.length);
  const keyLabel = field.keyLabel ?? 'Name';
  const valueLabel = field.valueLabel ?? 'Value';
  const isColumn = /column/i.test(keyLabel);

  const keep = (next: readonly Pair[]) => {
    typed.set(key, next);
    setDraft(next);
  };
  const set = (next: readonly Pair[], how?: 'typing') => {
    keep(next);
    onChange(recordOf(next), how);
  };
  const setRow = (index: number, row: Pair) =>
    set(
      rows.map((old, at) => (at === index ? row : old)),
      'typing',
    );
  return (
    <div ref={ref} className={styles.pairs} role="group" aria-label={label}>
      {rows.map(([key, text], index) => (
        <div key={index} data-row-of={path} className={styles.pair}>
          {isColumn ? (
            <ColumnPicker
              label={`${keyLabel} ${index + 1}`}
              schema={inputSchema(check, field)}
              value={key}
              placeholder={keyLabel}
              onChange={(next) => setRow(index, [next, text])}
              onDone={onDone}
            />
          ) : (
            <TextInput
              aria-label={`${keyLabel} ${index + 1}`}
              placeholder={keyLabel}
              value={key}
              spellCheck={false}
              onChange={(event) => setRow(index, [event.currentTarget.value, text])}
              onBlur={onDone}
            />
          )}
          <Autocomplete
            aria-label={`${valueLabel} ${index + 1}`}
            placeholder={valueLabel}
            data={[...(field.values ?? [])]}
            filter={({ options }) => options}
            value={text}
            error={hasError(problems)}
            spellCheck={false}
            onChange={(next) => setRow(index, [key, next])}
            onBlur={onDone}
          />
          <ActionIcon size={24} aria-label={`Remove ${key || `row ${index + 1}`}`} onClick={() => set(rows.filter((_, at) => at !== index))}>
            <IconX size={14} />
          </ActionIcon>
        </div>
      ))}
      <ProblemLines problems={unusedPairs(rows, keyLabel)} />
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        leftSection={<IconPlus size={13} />}
        className={styles.add}
        onClick={() => {
          added();
          keep([...rows, ['', '']]);
        }}
      >
        Add {keyLabel.toLowerCase()}
      </Button>
    </div>
  );
}

function pairsOf(value: Json | undefined): readonly Pair[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, text]) => [key, String(text)] as const);
}
function recordOf(pairs: readonly Pair[]): { readonly [key: string]: string } {
  return Object.fromEntries(pairs.filter(([key]) => key !== ''));
}
function sameRecord(left: { readonly [key: string]: string }, right: { readonly [key: string]: string }): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
