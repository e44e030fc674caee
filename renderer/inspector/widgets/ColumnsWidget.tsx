import { ActionIcon, UnstyledButton } from '@mantine/core';
import { IconGripVertical, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { visible } from '../../../model/text/visible-text.ts';
import { TypeIcon } from '../../grid/TypeIcon.tsx';
import { inputSchema } from '../../session/fields.ts';
import styles from '../form/Inspector.module.css';
import parts from '../form/Widgets.module.css';
import { useForm, type WidgetProps } from '../form/widget.ts';
import { ColumnPicker } from './ColumnPicker.tsx';
import { moved, useReorder } from './reorder.ts';

/** Several columns in order: picked one by one, moved by dragging or Alt+arrows. */
export function ColumnsWidget({ id, field, value, onChange, onDone, describedBy, label }: WidgetProps) {
  const { check } = useForm();
  const schema = inputSchema(check, field);
  const chosen = Array.isArray(value) ? (value as readonly string[]) : [];
  const [draft, setDraft] = useState('');
  const free = (schema?.columns ?? []).filter((column) => !chosen.includes(column.name) && (!field.types || field.types.includes(column.type)));
  const reorder = useReorder((from, to) => onChange(moved(chosen, from, to)));

  const add = (name: string) => {
    setDraft('');
    if (name !== '' && !chosen.includes(name)) onChange([...chosen, name]);
  };
  return (
    <div className={parts.columns}>
      {chosen.length > 0 && (
        <ol className={parts.chosen} aria-label={label}>
          {chosen.map((name, index) => {
            const column = schema?.columns.find((candidate) => candidate.name === name);
            return (
              <li key={name} className={parts.chosenItem} {...reorder.item(index)}>
                <button
                  type="button"
                  className={parts.grip}
                  aria-label={`${visible(name)}: Alt and arrow keys move it`}
                  {...reorder.handle(index)}
                  onKeyDown={(event) => {
                    const step = event.altKey ? (event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0) : 0;
                    if (step === 0) return;
                    event.preventDefault();
                    onChange(moved(chosen, index, index + step));
                  }}
                >
                  <IconGripVertical size={13} stroke={1.6} />
                </button>
                {column && <TypeIcon type={column.type} />}
                <span
                  className={parts.chosenName}
                  data-missing={(schema && !column) || undefined}
                  title={schema && !column ? 'No such column arrives here' : visible(name)}
                >
                  {visible(name)}
                </span>
                <ActionIcon size={20} aria-label={`Remove ${visible(name)}`} onClick={() => onChange(chosen.filter((other) => other !== name))}>
                  <IconX size={13} />
                </ActionIcon>
              </li>
            );
          })}
        </ol>
      )}
      <div className={parts.addRow}>
        <div style={{ flex: 1 }}>
          <ColumnPicker
            id={id}
            label={`Add to ${label}`}
            describedBy={describedBy}
            schema={schema && { columns: free }}
            value={draft}
            placeholder={schema && free.length === 0 ? 'All columns are chosen' : 'Add a column…'}
            onChange={setDraft}
            onPick={add}
            onDone={() => {
              add(draft.trim());
              onDone();
            }}
          />
        </div>
        {free.length > 1 && (
          <UnstyledButton className={styles.link} onClick={() => onChange([...chosen, ...free.map((column) => column.name)])}>
            All
          </UnstyledButton>
        )}
      </div>
    </div>
  );
}
