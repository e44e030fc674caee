import { TextInput } from '@mantine/core';
import { formatDuration } from '../form/duration.ts';
import { durationText, useTypedText } from '../form/typed-text.ts';
import { hasError, type WidgetProps } from '../form/widget.ts';

export function DurationWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  const { text, take, leave } = useTypedText(value, field, durationText);
  return (
    <TextInput
      id={id}
      value={text}
      placeholder={field.whenEmpty ?? (typeof field.default === 'number' ? formatDuration(field.default) : field.optional ? 'none' : '10s')}
      error={hasError(problems)}
      aria-describedby={describedBy}
      spellCheck={false}
      onChange={(event) => onChange(take(event.currentTarget.value), 'typing')}
      onBlur={() => {
        leave();
        onDone();
      }}
    />
  );
}
