import { Switch } from '@mantine/core';
import type { WidgetProps } from '../form/widget.ts';

/** Carries its own label, beside the switch. */
export function BooleanWidget({ id, field, value, onChange, describedBy }: WidgetProps) {
  return (
    <Switch id={id} label={field.label} checked={value === true} aria-describedby={describedBy} onChange={(event) => onChange(event.currentTarget.checked)} />
  );
}
