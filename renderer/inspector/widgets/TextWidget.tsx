import { Autocomplete, Textarea, TextInput } from '@mantine/core';
import { zoneOf } from '../../../model/time/zone.ts';
import { timeZoneNames } from '../../session/time-zone.ts';
import { asText, hasError, placeholderOf, textOrNull, type WidgetProps } from '../form/widget.ts';
import { EntriesWidget } from './EntriesWidget.tsx';

export function TextWidget(props: WidgetProps) {
  const { id, field, value, onChange, onDone, problems, describedBy } = props;
  if (field.entries !== undefined) return <EntriesWidget {...props} />;
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
  if (field.suggest !== undefined) {
    return (
      <Autocomplete
        {...common}
        // On Enter, the typed text becomes the first similar zone, as in the status bar, unless it is a zone already.
        selectFirstOptionOnChange={field.suggest === 'timeZones' && zoneOf(common.value) === null}
        data={field.suggest === 'timeZones' ? timeZoneNames() : encodings}
        limit={50}
        maxDropdownHeight={240}
        onChange={(text) => onChange(textOrNull(text, field), 'typing')}
      />
    );
  }
  return <TextInput {...common} onChange={(event) => onChange(textOrNull(event.currentTarget.value, field), 'typing')} />;
}

/** Encodings of old programs and other countries, most common first; any name that TextDecoder knows can be typed. */
const encodings = [
  'auto',
  'utf-8',
  'windows-1252',
  'iso-8859-15',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'ibm866',
  'macintosh',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
];
