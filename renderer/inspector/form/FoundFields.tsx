import { UnstyledButton } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Detected, FieldManifest } from '../../../engine/protocol/messages.ts';
import { visible } from '../../../model/text/visible-text.ts';
import type { Json } from '../../../model/values/types.ts';
import { useSession } from '../../session/session.ts';
import styles from './Evidence.module.css';
import { FindingRow, SeenLines } from './Evidence.tsx';
import { FieldRow } from './FieldRow.tsx';
import { isSet, shortValue } from './field-values.ts';
import { ProblemLines } from './ProblemLines.tsx';
import { FormContext, useForm } from './widget.ts';

interface Props {
  readonly fields: readonly (readonly [name: string, field: FieldManifest])[];
  /** Fields with details for one of them: `when` names it. */
  readonly further: readonly (readonly [name: string, field: FieldManifest])[];
  readonly values: { readonly [name: string]: Json };
  readonly onChange: (name: string, value: Json, how?: 'typing') => void;
  readonly onDone: () => void;
}

/** The detected format of the input: each property with its value, the reason, and the field that overrules it. Usual values are folded away. */
export function FoundFields({ fields, further, ...props }: Props) {
  const found = useForm().check?.detected ?? [];
  const [all, setAll] = useState(false);
  const isWanted = useWanted();
  const evidence = (name: string) => found.find(({ param, column }) => param === name && column === undefined);
  const isPlain = ([name, field]: Props['fields'][number]) =>
    field.advanced && !evidence(name)?.notable && !isSet(field, props.values[name]) && !isWanted(name);
  const hidden = fields.filter(isPlain).length;
  // The offered changes are always visible, whichever rows are open.
  const offers = useForm().problems.filter(({ severity, field, fix }) => severity === 'info' && fix && fields.some(([name]) => name === field));
  return (
    <>
      <ProblemLines problems={offers} />
      <ul className={styles.list}>
        {fields
          .filter((each) => all || !isPlain(each))
          .map(([name, field]) => (
            <FoundField
              key={name}
              name={name}
              field={field}
              found={evidence(name)}
              further={further.filter(([, { when }]) => when?.param === name)}
              {...props}
            />
          ))}
        {(hidden > 0 || all) && fields.some(([, { advanced }]) => advanced) && (
          <li>
            <UnstyledButton className={styles.more} aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? 'Show fewer' : `${hidden} more`}
            </UnstyledButton>
          </li>
        )}
      </ul>
    </>
  );
}

interface FoundFieldProps extends Omit<Props, 'fields'> {
  readonly name: string;
  readonly field: FieldManifest;
  readonly found: Detected | undefined;
}

function FoundField({ name, field, found, further, values, onChange, onDone }: FoundFieldProps) {
  const [opened, setOpened] = useState<boolean | null>(null);
  const isWanted = useWanted();
  const open = opened ?? [name, ...further.map(([other]) => other)].some(isWanted);
  const form = useForm();
  // Notes repeat what the evidence shows.
  const within = useMemo(() => (found ? { ...form, problems: form.problems.filter(({ severity }) => severity !== 'info') } : form), [form, found]);
  const value = values[name] ?? null;
  const overruled = isSet(field, value);
  return (
    <FindingRow
      open={open}
      onToggle={() => setOpened(!open)}
      head={
        <>
          <span className={styles.label}>{field.label}</span>
          <span className={styles.value} data-quiet={!found?.notable || undefined} data-doubtful={found?.doubtful || undefined}>
            {visible(found?.value ?? shortValue(field, value))}
          </span>
          {overruled && <span className={styles.set}>set</span>}
        </>
      }
    >
      {found && <p className={styles.because}>{visible(found.because)}</p>}
      {found?.lines && <SeenLines lines={found.lines} label={`${field.label}: lines that decided it`} />}
      <FormContext.Provider value={within}>
        {[[name, field] as const, ...further].map(([other, each]) => (
          <FieldRow
            key={other}
            path={other}
            field={each}
            value={values[other] ?? (other in values ? null : each.default)}
            isNamed={other === name}
            onChange={(next, how) => onChange(other, next, how)}
            onDone={onDone}
          />
        ))}
      </FormContext.Provider>
      {found?.instead && JSON.stringify(found.instead.value) !== JSON.stringify(value) && (
        <UnstyledButton className={styles.reset} onClick={() => found.instead && onChange(name, found.instead.value)}>
          {found.instead.title}
        </UnstyledButton>
      )}
      {overruled && (
        <UnstyledButton className={styles.reset} onClick={() => onChange(name, field.default ?? null)}>
          Use what is detected
        </UnstyledButton>
      )}
    </FindingRow>
  );
}

/** Whether a field is to be shown: it was requested, or it has an error. */
function useWanted(): (name: string) => boolean {
  const { node, problems } = useForm();
  const focused = useSession(({ focusField }) => (focusField?.node === node ? focusField.field : null));
  return (name) => focused === name || problems.some(({ severity, field }) => severity === 'error' && field === name);
}
