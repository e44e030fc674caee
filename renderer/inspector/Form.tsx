import { Collapse, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { FieldManifest } from '../../engine/protocol/messages.ts';
import type { Json } from '../../engine/schema/types.ts';
import { isShown } from '../code/code-fields.ts';
import { session, useSession } from '../session/session.ts';
import { formatDuration } from './duration.ts';
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

type Shown = readonly (readonly [name: string, field: FieldManifest])[];

/** A form generated from a params declaration: its fields, those under "More", and then the groups. */
export function Form(props: FormProps) {
  const { fields, values } = props;
  const shown = Object.entries(fields).filter(([, field]) => isShown(field, values, fields));
  const groups = new Set(shown.flatMap(([, { group }]) => (group === undefined ? [] : [group])));
  return (
    <>
      <PlainFields {...props} shown={shown.filter(([, { group }]) => group === undefined)} />
      {[...groups].map((group) => (
        <FieldGroup key={group} {...props} title={group} shown={shown.filter(([, field]) => field.group === group)} />
      ))}
    </>
  );
}

/**
 * Fields of one matter: open where one of them says something, unless somebody has chosen otherwise, which is remembered for
 * all nodes; always where one has an error or is asked for.
 */
function FieldGroup({ title, ...props }: FormProps & { readonly title: string; readonly shown: Shown }) {
  const { shown, values, path = '' } = props;
  const key = `inspector.group.${title}`;
  const chosen = useSession((state) => state.settings[key] as boolean | undefined);
  const isWanted = useIsWanted(shown, path);
  const says = shown.some(([name, field]) => name in values && JSON.stringify(values[name] ?? null) !== JSON.stringify(field.default ?? null));
  const open = isWanted || (chosen ?? says);
  const [name, first] = shown[0]!;
  return (
    <fieldset className={styles.group} aria-label={title}>
      <UnstyledButton className={styles.groupHead} aria-expanded={open} onClick={() => session.set(key, !open)}>
        <IconChevronRight size={13} data-open={open || undefined} />
        {title}
        {!open && <span className={styles.sectionDetail}>{inShort(first, values[name] ?? null)}</span>}
      </UnstyledButton>
      <Collapse expanded={open} transitionDuration={0}>
        <PlainFields {...props} heading={title} />
      </Collapse>
    </fieldset>
  );
}

/** The value of a field, for the heading of its group. */
function inShort(field: FieldManifest, value: Json): string {
  if (field.kind === 'choice') return field.options?.find((option) => option.value === value)?.label ?? '';
  if (field.kind === 'duration' && typeof value === 'number') return formatDuration(value);
  return value === null ? (field.placeholder ?? '') : String(value);
}

/** Whether one of the fields has an error or is to be shown: it must not stay folded away then. */
function useIsWanted(shown: Shown, path: string): boolean {
  const { node, problems } = useForm();
  const within = (field: string | null | undefined) => shown.some(([name]) => field === path + name || field?.startsWith(`${path}${name}.`));
  const asked = useSession(({ focusField }) => focusField?.node === node && within(focusField.field));
  return asked || problems.some((problem) => problem.severity === 'error' && within(problem.field));
}

/** `heading` stands above them: a field of that name needs no label of its own. */
function PlainFields({ shown, values, path = '', compact, heading, onChange, onDone }: FormProps & { readonly shown: Shown; readonly heading?: string }) {
  const [opened, setOpened] = useState(false);
  const advanced = shown.filter(([, field]) => field.advanced);
  const isWanted = useIsWanted(advanced, path);
  const open = opened || isWanted;

  const draw = ([name, field]: Shown[number]) => (
    <FieldRow
      key={name}
      path={path + name}
      field={field}
      value={values[name] ?? (name in values ? null : field.default)}
      compact={compact}
      isNamed={field.label === heading}
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
