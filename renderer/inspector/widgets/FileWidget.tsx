import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { visible } from '../../../model/text/visible-text.ts';
import { storedPath } from '../../documents/paths.ts';
import { pickFile } from '../../documents/pick-file.ts';
import { session } from '../../session/session.ts';
import { asText, hasError, placeholderOf, textOrNull, type WidgetProps } from '../form/widget.ts';

export function FileWidget({ id, field, value, onChange, onDone, problems, describedBy, label }: WidgetProps) {
  const browse = async () => {
    const picked = await pickFile({ mode: field.mode ?? 'open', extensions: field.extensions ?? [], title: label, suggestion: asText(value) });
    if (picked !== null) onChange(storedPath(picked, session.state.path));
  };
  const text = asText(value);
  return (
    <TextInput
      id={id}
      value={text}
      title={visible(text) || undefined}
      placeholder={placeholderOf(field) ?? (field.glob ? 'data/*.csv' : 'Path of a file')}
      error={hasError(problems)}
      aria-describedby={describedBy}
      spellCheck={false}
      rightSection={
        <Tooltip label="Browse">
          <ActionIcon size={22} aria-label={`Browse for ${label}`} onClick={browse}>
            <IconFolderOpen size={15} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      }
      onChange={(event) => onChange(textOrNull(event.currentTarget.value, field), 'typing')}
      onBlur={onDone}
    />
  );
}
