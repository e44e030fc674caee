import type { FieldManifest } from '../../../engine/protocol/messages.ts';
import type { Json } from '../../../model/values/types.ts';
import { formatDuration } from './duration.ts';

/** Whether a field is set: its value is not the default. */
export function isSet(field: FieldManifest, value: Json | undefined): boolean {
  return JSON.stringify(value ?? null) !== JSON.stringify(field.default ?? null);
}

/** The value of a field in a few words. */
export function shortValue(field: FieldManifest, value: Json): string {
  if (field.kind === 'choice') return field.options?.find((option) => option.value === value)?.label ?? '';
  if (field.kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (field.kind === 'boolean') return value === true ? 'Yes' : 'No';
  if (field.kind === 'list') return '';
  return value === null || value === '' ? (field.whenEmpty ?? (field.optional ? 'not set' : '')) : `${value}${field.unit ? ` ${field.unit}` : ''}`;
}
