import { Autocomplete } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schema } from '../../../engine/schema/types.ts';
import { TypeIcon } from '../../grid/TypeIcon.tsx';
import styles from './Widgets.module.css';

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
  readonly onDone: () => void;
}

/** One column by name: picked from those that arrive, or typed while they are not known. */
export function ColumnPicker({ id, label, schema, types, value, placeholder, error, describedBy, onChange, onDone }: ColumnPickerProps) {
  // All columns are offered on opening; typing narrows them.
  const [typed, setTyped] = useState(false);
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
      filter={({ options, search }) =>
        typed ? options.filter((option) => 'value' in option && option.value.toLowerCase().includes(search.trim().toLowerCase())) : options
      }
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
            {option.value}
          </span>
        );
      }}
      onFocus={() => setTyped(false)}
      onKeyDown={(event) => {
        if (event.key.length === 1 || event.key === 'Backspace') setTyped(true);
      }}
      onChange={onChange}
      onOptionSubmit={() => setTyped(false)}
      onBlur={onDone}
    />
  );
}
