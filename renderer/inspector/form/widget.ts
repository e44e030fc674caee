import { type ComponentType, createContext, useContext } from 'react';
import type { FieldManifest, NodeCheck, Problem } from '../../../engine/protocol/messages.ts';
import type { Json } from '../../../model/values/types.ts';

/** The props of every widget: one file per field kind in widgets/. */
export interface WidgetProps {
  /** Id of the control, for its label. */
  readonly id: string;
  /** `columns.2.expression`, as problems name it. */
  readonly path: string;
  readonly field: FieldManifest;
  readonly value: Json | undefined;
  /** `typing` marks one of several consecutive changes, which become one undo step until `onDone`. */
  readonly onChange: (value: Json, how?: 'typing') => void;
  readonly onDone: () => void;
  /** At this field; the form shows them, a widget only its invalid state. */
  readonly problems: readonly Problem[];
  readonly describedBy: string | undefined;
  /** Accessible name if no visible label is tied to the control. */
  readonly label: string;
  /** In a list's item: no help, little room. */
  readonly compact?: boolean;
}

export type Widgets = { readonly [K in FieldManifest['kind']]: ComponentType<WidgetProps> };
export interface PendingSecrets {
  /** By reference. */
  readonly texts: { readonly [reference: string]: string };
  /** Null: what was typed is given up. */
  onChange(reference: string, text: string | null): void;
}
export interface FormContext {
  readonly node: string;
  readonly check: NodeCheck | null;
  readonly problems: readonly Problem[];
  /** What the form holds, by field. */
  readonly values: { readonly [name: string]: Json };
  /** Of a form that is saved as a whole: texts of secrets that wait for that. Elsewhere they are stored at once. */
  readonly secrets?: PendingSecrets;
  /** A name for a new secret of a field. */
  readonly secretName: (field: string) => string;
  /** The value of a field comes from elsewhere, and a secret is not to be replaced but gets a new one: as everywhere else, in an environment. */
  readonly isInherited?: (field: string) => boolean;
  /** A prop of fields rather than an import: the widget of a list contains fields itself. */
  readonly widgets: Widgets;
}
export const FormContext = createContext<FormContext | null>(null);
export function useForm(): FormContext {
  const form = useContext(FormContext);
  if (!form) throw new Error('A field stands outside of a form.');
  return form;
}

export function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value);
}
/** The value of a cleared field. */
export function textOrNull(text: string, field: FieldManifest): Json {
  return text === '' && field.optional ? null : text;
}
/** The same for a number or a duration: if it is required, the default. */
export function emptyValue(field: FieldManifest): Json {
  return field.optional ? null : (field.default ?? null);
}
export function hasError(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
/** What an empty field shows: what that means, an example, or its default. */
export function placeholderOf(field: FieldManifest): string | undefined {
  const text = field.whenEmpty ?? field.placeholder;
  if (text !== undefined) return text;
  const { default: value } = field;
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;
}
