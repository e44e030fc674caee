import { UnstyledButton } from '@mantine/core';
import { type ComponentType, useState } from 'react';
import type { Detected, FieldManifest, Problem } from '../../../engine/protocol/messages.ts';
import { visible } from '../../../model/text/visible-text.ts';
import { type ColumnType, columnTypes, type Json } from '../../../model/values/types.ts';
import { TypeIcon } from '../../grid/TypeIcon.tsx';
import { FixButton } from '../../shell/problems/FixButton.tsx';
import { problemsAt } from '../../shell/problems/field-problems.ts';
import { CellReadings } from './CellReadings.tsx';
import styles from './Evidence.module.css';
import { FindingRow, SeenLines } from './Evidence.tsx';
import type { FormProps } from './form-props.ts';
import { ProblemLines } from './ProblemLines.tsx';
import { useForm } from './widget.ts';

interface Props {
  /** The list of settings by column, whose items have a field `column`, and usually a `type`. */
  readonly name: string;
  readonly field: FieldManifest;
  readonly value: Json | undefined;
  readonly found: readonly Detected[];
  readonly onChange: (value: Json, how?: 'typing') => void;
  readonly onDone: () => void;
  /** A prop rather than an import: a form contains these columns itself. */
  readonly form: ComponentType<FormProps>;
}
type Entry = { readonly [part: string]: Json };

const shownAtFirst = 10;

/** The discovered columns, each with its type, the cell that decided it, and the settings that overrule it. */
export function FoundColumns({ found, ...props }: Props) {
  const { problems } = useForm();
  const [all, setAll] = useState(false);
  const shown = all ? found : found.slice(0, found.length <= shownAtFirst + 2 ? found.length : shownAtFirst);
  return (
    <>
      <ProblemLines problems={together(problemsAt(problems, props.name, props.field))} />
      <ul className={styles.list} aria-label="Columns that were found">
        {shown.map((each) => (
          <FoundColumn key={each.column} found={each} {...props} />
        ))}
        {shown.length < found.length && (
          <li>
            <UnstyledButton className={styles.more} onClick={() => setAll(true)}>
              {(found.length - shown.length).toLocaleString('en')} more columns
            </UnstyledButton>
          </li>
        )}
      </ul>
    </>
  );
}

/** An offer for several columns is separate from those for single columns. */
function together(problems: readonly Problem[]): readonly Problem[] {
  const entries = problems.flatMap(({ fix }) => (fix && 'entry' in fix && fix.more ? [fix.entry, ...fix.more] : []));
  const columns = new Set(entries.map((entry) => entry['column']));
  return problems.filter(({ fix }) => !fix || !('entry' in fix) || fix.more || !columns.has(fix.entry['column']));
}

function FoundColumn({ name, field, value, found, onChange, onDone, form: Form }: Omit<Props, 'found'> & { readonly found: Detected }) {
  const { check, problems } = useForm();
  const [open, setOpen] = useState(false);
  const column = found.column ?? '';
  const entries = Array.isArray(value) ? (value as readonly Entry[]) : [];
  const index = entries.findIndex((entry) => entry['column'] === column);
  const entry = entries[index];
  const { column: _, ...parts } = field.item ?? {};
  const values: Entry = entry ?? { ...defaults(parts), type: found.value };
  // A problem of a column may concern only its cells.
  const said = columnTypes.find((each) => each === values['type']);
  const type = said ?? found.value;
  const offers = problems.flatMap(({ fix, ...problem }) =>
    fix && 'entry' in fix && fix.list === name && fix.entry['column'] === column && !fix.more ? [{ ...problem, fix }] : [],
  );
  // An offer that leaves the type to inference is one for marked numbers.
  const offered = columnTypes.find((each) => each === offers[0]?.fix.entry['type']) ?? 'number';
  const set = (part: string, next: Json, how?: 'typing') => {
    const changed = { ...values, column, [part]: next };
    onChange(entry ? entries.with(index, changed) : [...entries, changed], how);
  };
  return (
    <FindingRow
      open={open}
      onToggle={() => setOpen(!open)}
      head={
        <>
          <TypeIcon type={type as ColumnType} />
          <span className={styles.name} title={visible(column)}>
            {visible(column)}
          </span>
          <span className={styles.value} data-quiet>
            {type}
          </span>
          {!entry && offers.length > 0 && <span className={styles.offered}>{offered}?</span>}
          {entry && <span className={styles.set}>set</span>}
        </>
      }
    >
      <p className={styles.because}>
        {type !== found.value && <>Detected as {found.value}: </>}
        {visible(found.because)}
      </p>
      <SeenLines lines={found.lines ?? []} label={`${column}: the cell that decided its type`} />
      <Form fields={parts} values={values} path={`${name}.${index === -1 ? entries.length : index}.`} compact onChange={set} onDone={onDone} />
      {entry && <CellReadings cells={check?.readings?.[column] ?? []} />}
      {!entry &&
        offers.map((offer) => (
          <div key={offer.fix.title} className={styles.offer}>
            <p className={styles.because}>{visible(offer.message)}</p>
            <FixButton problem={offer} className={styles.reset} />
          </div>
        ))}
      {entry && (
        <UnstyledButton className={styles.reset} onClick={() => onChange(entries.filter((other) => other !== entry))}>
          Use what is detected
        </UnstyledButton>
      )}
    </FindingRow>
  );
}

function defaults(parts: { readonly [name: string]: FieldManifest }): Entry {
  return Object.fromEntries(Object.entries(parts).map(([part, field]) => [part, field.default ?? null]));
}
