import { Collapse, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { FieldManifest } from '../../engine/protocol/messages.ts';
import type { Json } from '../../engine/schema/types.ts';
import { isShown } from '../code/code-fields.ts';
import { useSession } from '../session/session.ts';
import { FieldRow } from './FieldRow.tsx';
import styles from './Inspector.module.css';
import { useForm } from './widget.ts';

export interface FormProps {
  readonly fields: { readonly [name: string]: FieldManifest };
  readonly values: { readonly [name: string]: Json };
  /** What stands before a field's name in its path: empty, or `columns.2.`. */
  readonly path?: string;
  readonly compact?: boolean;
  readonly onChange: (name: string, value: Json, how?: 'typing') => void;
  /** The field was left: what was typed there is one undo step. */
  readonly onDone: () => void;
}

/** A form generated from a params declaration. */
export function Form({ fields, values, path = '', compact, onChange, onDone }: FormProps) {
  const { node, problems } = useForm();
  const [opened, setOpened] = useState(false);
  const shown = Object.entries(fields).filter(([, field]) => isShown(field, values, fields));
  const advanced = shown.filter(([, field]) => field.advanced);
  const within = (field: string | null | undefined) => advanced.some(([name]) => field === path + name || field?.startsWith(`${path}${name}.`));
  const asked = useSession(({ focusField }) => focusField?.node === node && within(focusField.field));
  const open = opened || asked || problems.some((problem) => problem.severity === 'error' && within(problem.field));

  const draw = ([name, field]: (typeof shown)[number]) => (
    <FieldRow
      key={name}
      path={path + name}
      field={field}
      value={values[name] ?? (name in values ? null : field.default)}
      compact={compact}
      onChange={(value, how) => onChange(name, value, how)}
      onDone={onDone}
    />
  );
  return (
    <>
      <div className={compact ? styles.compactForm : styles.form}>{shown.filter(([, field]) => !field.advanced).map(draw)}</div>
      {advanced.length > 0 && (
        <div>
          <UnstyledButton className={styles.more} aria-expanded={open} onClick={() => setOpened(!open)}>
            <IconChevronRight size={13} data-open={open || undefined} />
            More
          </UnstyledButton>
          <Collapse expanded={open} transitionDuration={0}>
            <div className={compact ? styles.compactForm : styles.form}>{advanced.map(draw)}</div>
          </Collapse>
        </div>
      )}
    </>
  );
}
