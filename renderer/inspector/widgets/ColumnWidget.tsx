import { inputSchema } from '../../session/fields.ts';
import { asText, hasError, textOrNull, useForm, type WidgetProps } from '../form/widget.ts';
import { ColumnPicker } from './ColumnPicker.tsx';

export function ColumnWidget({ id, field, value, onChange, onDone, problems, describedBy, label }: WidgetProps) {
  const { check } = useForm();
  return (
    <ColumnPicker
      id={id}
      label={label}
      schema={inputSchema(check, field)}
      types={field.types}
      value={asText(value)}
      placeholder={field.placeholder}
      error={hasError(problems)}
      describedBy={describedBy}
      onChange={(next) => onChange(textOrNull(next, field), 'typing')}
      onDone={onDone}
    />
  );
}
