import { Collapse, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { Detected, FieldManifest } from '../../../engine/protocol/messages.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { isShown } from '../../session/fields.ts';
import { session, useSession } from '../../session/session.ts';
import { FieldRow } from './FieldRow.tsx';
import { FoundColumns } from './FoundColumns.tsx';
import { FoundFields } from './FoundFields.tsx';
import { isSet, shortValue } from './field-values.ts';
import type { FormProps } from './form-props.ts';
import styles from './Inspector.module.css';
import { WholeScan } from './WholeScan.tsx';
import { useForm } from './widget.ts';

type Shown = readonly (readonly [name: string, field: FieldManifest])[];

/**
 * A form generated from a params declaration: its fields, those under "More", and then the groups. If a form has only one group, it is not
 * folded.
 */
export function Form(props: FormProps) {
  const { fields, values } = props;
  const shown = Object.entries(fields).filter(([, field]) => isShown(field, values, fields));
  const groups = new Set(shown.map(([, { group }]) => group));
  if (groups.size === 1) return <PlainFields {...props} shown={shown} />;
  groups.delete(undefined);
  return (
    <>
      <PlainFields {...props} shown={shown.filter(([, { group }]) => group === undefined)} />
      {[...groups].map((group) => (
        <FieldGroup key={group} {...props} title={group ?? ''} shown={shown.filter(([, field]) => field.group === group)} />
      ))}
    </>
  );
}

/**
 * Related fields: open if one of them is set, unless the user has chosen otherwise, which is remembered for all nodes; always open if one
 * has an error or is requested.
 */
function FieldGroup({ title, ...props }: FormProps & { readonly title: string; readonly shown: Shown }) {
  const { shown, values, path = '' } = props;
  const key = `inspector.group.${title}`;
  const chosen = useSession((state) => state.settings[key] as boolean | undefined);
  const isWanted = useIsWanted(shown, path);
  const found = useFound(shown, path);
  const says = found.length > 0 || shown.some(([name, field]) => name in values && isSet(field, values[name]));
  const open = isWanted || (chosen ?? says);
  return (
    <fieldset className={styles.group} aria-label={title}>
      <UnstyledButton className={styles.groupHead} aria-expanded={open} onClick={() => session.set(key, !open)}>
        <IconChevronRight size={13} data-open={open || undefined} />
        {title}
        {!open && <span className={styles.sectionDetail}>{inShort(shown, values, found)}</span>}
      </UnstyledButton>
      <Collapse expanded={open} transitionDuration={0}>
        {shown.some(([, field]) => field.detected) ? <FoundGroup {...props} found={found} /> : <PlainFields {...props} heading={title} />}
      </Collapse>
    </fieldset>
  );
}

/** Fields whose values are detected, as lines that open to show the evidence; then the others. */
function FoundGroup({ shown, found, ...props }: FormProps & { readonly shown: Shown; readonly found: readonly Detected[] }) {
  const { values, onChange, onDone } = props;
  const { node } = useForm();
  const scans = useSession(({ catalogue, pipeline }) => catalogue.get(pipeline.nodes[node]?.type ?? '')?.scans === true);
  const rows = shown.filter(([, field]) => field.detected && field.kind !== 'list');
  const isFurther = ([, { detected, when }]: Shown[number]) => !detected && rows.some(([name]) => when?.param === name);
  const columns = shown.find(([, field]) => field.detected && field.kind === 'list');
  const plain = shown.filter((each) => !rows.includes(each) && !isFurther(each));
  const ofColumns = found.filter(({ column }) => column !== undefined);
  return (
    <>
      {rows.length > 0 && <FoundFields fields={rows} further={shown.filter(isFurther)} values={values} onChange={onChange} onDone={onDone} />}
      {columns && ofColumns.length > 0 && (
        <FoundColumns
          form={Form}
          name={columns[0]}
          field={columns[1]}
          value={values[columns[0]]}
          found={ofColumns}
          onChange={(value, how) => onChange(columns[0], value, how)}
          onDone={onDone}
        />
      )}
      {columns && <WholeScan />}
      {plain.length > 0 && <PlainFields {...props} shown={plain} folds={scans || rows.length + ofColumns.length > 0} />}
    </>
  );
}

/** The detected values of these fields. */
function useFound(shown: Shown, path: string): readonly Detected[] {
  const { check } = useForm();
  return path === '' ? (check?.detected ?? []).filter(({ param }) => shown.some(([name, field]) => name === param && field.detected)) : [];
}

const mostInShort = 3;

/** The summary of a folded group, for its heading. */
function inShort(shown: Shown, values: FormProps['values'], found: readonly Detected[]): string {
  const columns = found.filter(({ column }) => column !== undefined).length;
  if (columns > 0) return String(columns);
  const notable = found.filter((each) => each.notable);
  if (notable.length > 0)
    return notable
      .slice(0, mostInShort)
      .map(({ value }) => value)
      .join(' · ');
  const [name, first] = itemAt(shown, 0);
  return shortValue(first, values[name] ?? null).replace(/^\p{L}/u, (letter) => letter.toUpperCase());
}

/** Whether one of the fields has an error or is to be shown: then it must not be folded. */
function useIsWanted(shown: Shown, path: string): boolean {
  const { node, problems } = useForm();
  const within = (field: string | null | undefined) => shown.some(([name]) => field === path + name || field?.startsWith(`${path}${name}.`));
  const asked = useSession(({ focusField }) => focusField?.node === node && within(focusField.field));
  return asked || problems.some((problem) => problem.severity === 'error' && within(problem.field));
}

interface PlainFieldsProps extends FormProps {
  readonly shown: Shown;
  /** The heading above them: a field of that name needs no label of its own. */
  readonly heading?: string;
  /** Whether those under "More" are folded even without other fields: something else is above them. */
  readonly folds?: boolean;
}

function PlainFields({ shown, values, path = '', compact, heading, folds = false, onChange, onDone }: PlainFieldsProps) {
  const [opened, setOpened] = useState(false);
  const isAdvanced = ([, { advanced }]: Shown[number]) => advanced === true;
  const advanced = folds || !shown.every(isAdvanced) ? shown.filter(isAdvanced) : [];
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
      <div className={compact ? styles.compactForm : styles.form}>{shown.filter((each) => !advanced.includes(each)).map(draw)}</div>
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
