import { VisuallyHidden } from '@mantine/core';
import { useEffect, useId, useRef } from 'react';
import type { FieldManifest } from '../../../engine/protocol/messages.ts';
import type { Json } from '../../../model/values/types.ts';
import { takeFocusRequest } from '../../session/focus-request.ts';
import { useSession } from '../../session/session.ts';
import { problemsAt } from '../../shell/problems/field-problems.ts';
import styles from './Inspector.module.css';
import { ProblemLines } from './ProblemLines.tsx';
import { useForm } from './widget.ts';

export interface FieldRowProps {
  readonly path: string;
  readonly field: FieldManifest;
  readonly value: Json | undefined;
  readonly onChange: (value: Json, how?: 'typing') => void;
  readonly onDone: () => void;
  /** In a list's item: less room. */
  readonly compact?: boolean;
  /** Its label is already shown above it. */
  readonly isNamed?: boolean;
}

/** Widgets whose label belongs to a group of controls rather than to one. */
const groups: ReadonlySet<string> = new Set(['list', 'keyValue', 'condition', 'columns', 'code', 'sql', 'expression', 'choice']);
const wideInCompact: ReadonlySet<string> = new Set(['list', 'keyValue', 'condition', 'columns', 'code', 'sql', 'expression', 'file']);

/** One field: label, widget, help, and its problems. */
export function FieldRow({ path, field, value, onChange, onDone, compact, isNamed }: FieldRowProps) {
  const { node, problems: all, widgets } = useForm();
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  const problems = problemsAt(all, path, field);
  const described = [field.help && !compact ? `${id}-help` : null, problems.length > 0 ? `${id}-problems` : null].filter(Boolean).join(' ') || undefined;
  const wanted = useSession(({ focusField }) => (focusField?.node === node && wants(focusField.field, path, field.kind) ? focusField.at : null));

  useEffect(() => {
    if (wanted === null || !row.current || !takeFocusRequest('form', wanted)) return;
    row.current.scrollIntoView({ block: 'nearest' });
    // The code editor takes the focus by itself, at the requested place.
    row.current.querySelector<HTMLElement>('input, textarea, select, [role="textbox"], [role="radio"][aria-checked="true"]')?.focus({ preventScroll: true });
  }, [wanted]);

  const Widget = widgets[field.kind];
  if (!Widget) return null;
  const label = (
    <>
      {field.label}
      {isRequired(field) && (
        <span className={styles.required} title="Required" aria-hidden>
          *
        </span>
      )}
    </>
  );
  return (
    <div ref={row} className={styles.field} data-field={path} data-wide={wideInCompact.has(field.kind) || field.multiline || undefined}>
      {field.kind === 'boolean' || (isNamed && groups.has(field.kind)) ? null : isNamed ? (
        <VisuallyHidden>
          <label htmlFor={id}>{field.label}</label>
        </VisuallyHidden>
      ) : groups.has(field.kind) ? (
        <div className={styles.label} title={compact ? field.help : undefined}>
          {label}
        </div>
      ) : (
        <label className={styles.label} htmlFor={id} title={compact ? field.help : undefined}>
          {label}
        </label>
      )}
      <Widget
        id={id}
        path={path}
        field={field}
        value={value}
        onChange={onChange}
        onDone={onDone}
        problems={problems}
        describedBy={described}
        label={field.label}
        compact={compact}
      />
      <ProblemLines id={`${id}-problems`} problems={problems} />
      {field.help && !compact && (
        <div id={`${id}-help`} className={styles.help}>
          {field.help}
        </div>
      )}
    </div>
  );
}

function wants(field: string | null, path: string, kind: string): boolean {
  if (field === null) return false;
  return field === path || (kind !== 'list' && field.startsWith(`${path}.`));
}

/** Must be filled in by the user: not optional, and without a sensible default. */
function isRequired(field: FieldManifest): boolean {
  if (field.optional || field.kind === 'boolean' || field.kind === 'choice' || field.kind === 'keyValue') return false;
  if (field.kind === 'columns' || field.kind === 'list') return (field.min ?? 0) > 0;
  return field.default === undefined;
}
