import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { formatDuration, parseDuration } from '../duration.ts';
import { ProblemLines } from '../ProblemLines.tsx';
import { emptyValue, hasError, type WidgetProps } from '../widget.ts';

export function DurationWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  const stored = typeof value === 'number' ? formatDuration(value) : '';
  // As typed: `1h 30` on the way to `1h 30m` is no duration yet.
  const [draft, setDraft] = useState<string | null>(null);
  const wrong = draft !== null && draft.trim() !== '' && parseDuration(draft) === null;
  const unread = {
    code: 'form/duration',
    severity: 'error',
    message: `“${draft}” is no duration`,
    hint: `Write a number with a unit: 500ms, 10s, 5m, 1h, 1d. Until then ${stored === '' ? 'there is none' : `it stays ${stored}`}.`,
  } as const;
  return (
    <>
      <TextInput
        id={id}
        value={draft ?? stored}
        placeholder={field.placeholder ?? (typeof field.default === 'number' ? formatDuration(field.default) : field.optional ? 'none' : '10s')}
        error={wrong || hasError(problems)}
        aria-describedby={wrong ? `${id}-unread` : describedBy}
        spellCheck={false}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setDraft(next);
          const parsed = next.trim() === '' ? emptyValue(field) : parseDuration(next);
          if (parsed !== null || next.trim() === '') onChange(parsed, 'typing');
        }}
        onBlur={() => {
          if (!wrong) setDraft(null);
          onDone();
        }}
      />
      {wrong && <ProblemLines id={`${id}-unread`} problems={[unread]} />}
    </>
  );
}
