import { Text, TextInput } from '@mantine/core';
import { numberText, useTypedText } from '../form/typed-text.ts';
import { hasError, placeholderOf, type WidgetProps } from '../form/widget.ts';

/** A number, with the arrow keys in steps of one within its bounds. The check reports values that are out of bounds or not a number. */
export function NumberWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  const { text, take, leave } = useTypedText(value, field, numberText);
  const step = (by: number) => {
    const from = typeof value === 'number' ? value : Number(field.default ?? 0);
    const to = Math.min(field.max ?? Number.MAX_SAFE_INTEGER, Math.max(field.min ?? Number.MIN_SAFE_INTEGER, from + by));
    if (Number.isSafeInteger(Math.trunc(from))) onChange(take(String(Number(to.toPrecision(15)))), 'typing');
  };
  return (
    <TextInput
      id={id}
      value={text}
      inputMode={field.integer ? 'numeric' : 'decimal'}
      placeholder={placeholderOf(field)}
      error={hasError(problems)}
      aria-describedby={describedBy}
      autoComplete="off"
      spellCheck={false}
      rightSection={
        field.unit ? (
          <Text size="xs" c="dimmed" pr={8}>
            {field.unit}
          </Text>
        ) : undefined
      }
      rightSectionWidth={field.unit ? field.unit.length * 8 + 16 : undefined}
      onChange={(event) => onChange(take(event.currentTarget.value), 'typing')}
      onKeyDown={(event) => {
        if (event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
        event.preventDefault();
        step(event.key === 'ArrowUp' ? 1 : -1);
      }}
      onBlur={() => {
        leave();
        onDone();
      }}
    />
  );
}
