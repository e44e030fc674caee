import { Autocomplete, Textarea, TextInput } from '@mantine/core';
import { timeZoneNames } from '../../session/time-zone.ts';
import { asText, hasError, placeholderOf, textOrNull, type WidgetProps } from '../widget.ts';

export function TextWidget({ id, field, value, onChange, onDone, problems, describedBy }: WidgetProps) {
  const common = {
    id,
    value: asText(value),
    placeholder: placeholderOf(field),
    error: hasError(problems),
    'aria-describedby': describedBy,
    spellCheck: false,
    onBlur: onDone,
  };
  if (field.multiline) {
    return <Textarea {...common} autosize minRows={2} maxRows={10} onChange={(event) => onChange(textOrNull(event.currentTarget.value, field), 'typing')} />;
  }
  if (field.suggest === 'timeZones') {
    return (
      <Autocomplete {...common} data={timeZoneNames()} limit={50} maxDropdownHeight={240} onChange={(text) => onChange(textOrNull(text, field), 'typing')} />
    );
  }
  return <TextInput {...common} onChange={(event) => onChange(textOrNull(event.currentTarget.value, field), 'typing')} />;
}
