import { NumberInput, Text } from '@mantine/core';
import { useState } from 'react';
import { emptyValue, hasError, placeholderOf, type WidgetProps } from '../widget.ts';

export function NumberWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  // Stays empty while somebody types another number, though the default counts meanwhile.
  const [isEmptied, setEmptied] = useState(false);
  return (
    <NumberInput
      id={id}
      value={typeof value === 'number' && !isEmptied ? value : ''}
      min={field.min}
      max={field.max}
      allowDecimal={!field.integer}
      // What is out of bounds is told by the check; changing a number while it is typed would be a surprise.
      clampBehavior="none"
      thousandSeparator={false}
      placeholder={placeholderOf(field)}
      error={hasError(problems)}
      aria-describedby={describedBy}
      hideControls={field.unit !== undefined}
      rightSection={
        field.unit ? (
          <Text size="xs" c="dimmed" pr={8}>
            {field.unit}
          </Text>
        ) : undefined
      }
      rightSectionWidth={field.unit ? field.unit.length * 8 + 16 : undefined}
      onChange={(next) => {
        setEmptied(next === '');
        if (typeof next === 'number') onChange(next, 'typing');
        else if (next === '') onChange(emptyValue(field), 'typing');
      }}
      onBlur={() => {
        setEmptied(false);
        onDone();
      }}
    />
  );
}
