import { Autocomplete, type ComboboxItem, type ComboboxParsedItem } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { visible } from '../../../model/text/visible-text.ts';
import type { Schema } from '../../../model/values/types.ts';
import { TypeIcon } from '../../grid/TypeIcon.tsx';
import styles from '../form/Widgets.module.css';

export interface ColumnPickerProps {
  readonly id?: string;
  readonly label: string;
  readonly schema: Schema | null;
  /** Offer only columns of these types. */
  readonly types?: readonly string[];
  readonly value: string;
  readonly placeholder?: string;
  readonly error?: boolean;
  readonly describedBy?: string;
  readonly onChange: (value: string) => void;
  /** A column was chosen from the list, or entered with Enter. Without this prop, that is a change like any other. */
  readonly onPick?: (value: string) => void;
  readonly onDone: () => void;
}

/** One column by name: picked from the incoming ones, or typed while they are not known. */
export function ColumnPicker({ id, label, schema, types, value, placeholder, error, describedBy, onChange, onPick, onDone }: ColumnPickerProps) {
  // All columns are offered on opening; typing narrows them.
  const [typed, setTyped] = useState(false);
  // The list reports a choice twice: as the choice, and then as the text of the field.
  const picked = useRef(false);
  const columns = (schema?.columns ?? []).filter((column) => !types || types.includes(column.type));
  const known = schema?.columns.find((column) => column.name === value);
  const missing = schema !== null && value !== '' && !known && !value.includes('${');
  return (
    <Autocomplete
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      data={[...new Set(columns.map((column) => column.name))]}
      value={value}
      placeholder={placeholder ?? (schema ? 'Column…' : 'Column name')}
      error={error}
      spellCheck={false}
      maxDropdownHeight={300}
      limit={200}
      selectFirstOptionOnChange={typed}
      filter={({ options, search }) => (typed ? narrowed(options, search) : options)}
      leftSection={
        known ? (
          <TypeIcon type={known.type} />
        ) : missing ? (
          <IconAlertTriangle size={14} color="var(--warning)" role="img" aria-label="No such column arrives here" />
        ) : undefined
      }
      renderOption={({ option }) => {
        const column = columns.find((candidate) => candidate.name === option.value);
        return (
          <span className={styles.columnOption}>
            {column && <TypeIcon type={column.type} />}
            {visible(option.value)}
          </span>
        );
      }}
      onFocus={() => setTyped(false)}
      onKeyDown={(event) => {
        if (event.key.length === 1 || event.key === 'Backspace') setTyped(true);
        if (event.key === 'Enter' && onPick && value.trim() !== '' && event.currentTarget.getAttribute('aria-activedescendant') === null) onPick(value.trim());
      }}
      onChange={(next) => {
        if (!picked.current) onChange(next);
        picked.current = false;
      }}
      onOptionSubmit={(name) => {
        setTyped(false);
        picked.current = onPick !== undefined;
        onPick?.(name);
      }}
      onBlur={onDone}
    />
  );
}

/** Names that contain the text, first an exact match, then those that begin with it: Enter takes the first. */
function narrowed(options: readonly ComboboxParsedItem[], search: string): ComboboxItem[] {
  const text = search.trim().toLowerCase();
  const place = (name: string) => (name === text ? 0 : name.startsWith(text) ? 1 : 2);
  return options
    .filter((option): option is ComboboxItem => 'value' in option && option.value.toLowerCase().includes(text))
    .sort((a, b) => place(a.value.toLowerCase()) - place(b.value.toLowerCase()));
}
