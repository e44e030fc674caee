import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { formatDuration, parseDuration } from '../duration.ts';
import { hasError, type WidgetProps } from '../widget.ts';

export function DurationWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  const stored = typeof value === 'number' ? formatDuration(value) : '';
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? stored;
  const wrong = draft !== null && draft.trim() !== '' && parseDuration(draft) === null;
  return (
    <TextInput
      id={id}
      value={text}
      placeholder={field.placeholder ?? (typeof field.default === 'number' && !field.optional ? formatDuration(field.default) : '10s')}
      error={wrong ? 'Write a number with a unit: 500ms, 10s, 5m, 1h, 1d.' : hasError(problems)}
      aria-describedby={describedBy}
      spellCheck={false}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setDraft(next);
        const parsed = parseDuration(next);
        if (parsed !== null) onChange(parsed, 'typing');
        else if (next.trim() === '' && field.optional) onChange(null, 'typing');
      }}
      onBlur={() => {
        if (!wrong) setDraft(null);
        onDone();
      }}
    />
  );
}
