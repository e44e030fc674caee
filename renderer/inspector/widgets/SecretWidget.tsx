import { TextInput } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { asText, hasError, textOrNull, type WidgetProps } from '../form/widget.ts';

/** The name of a secret; its text is never part of the pipeline. */
export function SecretWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  return (
    <TextInput
      id={id}
      value={asText(value)}
      placeholder="NAME_OF_THE_SECRET"
      leftSection={<IconKey size={14} stroke={1.6} />}
      error={hasError(problems)}
      aria-describedby={describedBy}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => onChange(textOrNull(event.currentTarget.value, field), 'typing')}
      onBlur={onDone}
    />
  );
}
