import { SegmentedControl, Select, Text } from '@mantine/core';
import { asText, hasError, type WidgetProps } from '../form/widget.ts';

/** Characters that fit side by side in the inspector's width. */
const segmentedCharacters = 32;

export function ChoiceWidget({ id, field, value, onChange, problems, describedBy, label, compact }: WidgetProps) {
  const options = field.options ?? [];
  const chosen = options.find((option) => option.value === value);
  const short = !compact && options.length <= 3 && options.reduce((sum, option) => sum + option.label.length + 2, 0) <= segmentedCharacters;
  const help = !compact && chosen?.help && (
    <Text size="xs" c="dimmed" mt={3} lh={1.35}>
      {chosen.help}
    </Text>
  );
  if (short && !field.optional && chosen) {
    return (
      <>
        <SegmentedControl
          fullWidth
          aria-label={label}
          aria-describedby={describedBy}
          data={options.map(({ value: option, label: text }) => ({ value: option, label: text }))}
          value={asText(value)}
          onChange={(next) => onChange(next)}
        />
        {help}
      </>
    );
  }
  return (
    <>
      <Select
        id={id}
        data={options.map(({ value: option, label: text }) => ({ value: option, label: text }))}
        value={typeof value === 'string' ? value : null}
        placeholder={field.optional ? 'None' : 'Choose…'}
        clearable={field.optional}
        allowDeselect={false}
        searchable={options.length > 8}
        maxDropdownHeight={320}
        comboboxProps={compact ? { width: 220, position: 'bottom-start' } : undefined}
        error={hasError(problems)}
        aria-label={label}
        title={chosen?.label}
        aria-describedby={describedBy}
        renderOption={({ option }) => {
          const full = options.find((candidate) => candidate.value === option.value);
          return (
            <div>
              <div>{option.label}</div>
              {full?.help && (
                <Text size="xs" c="dimmed" lh={1.3}>
                  {full.help}
                </Text>
              )}
            </div>
          );
        }}
        onChange={(next) => onChange(next)}
      />
      {help}
    </>
  );
}
