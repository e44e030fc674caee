import { ActionIcon, Select, Tooltip } from '@mantine/core';
import { IconPencil, IconPlus } from '@tabler/icons-react';
import { visible } from '../../../model/text/visible-text.ts';
import { NodeIcon } from '../../graph/NodeIcon.tsx';
import { useSession } from '../../session/session.ts';
import { showConnections } from '../connections/show-connections.tsx';
import styles from '../form/Widgets.module.css';
import { asText, hasError, useForm, type WidgetProps } from '../form/widget.ts';

/** No connection is called this: names begin with a letter. */
const newOption = ' new';

/** A connection of the type that the node needs, by name; made and edited from here. */
export function ConnectionWidget({ id, field, value, onChange, problems, describedBy, label }: WidgetProps) {
  const { widgets } = useForm();
  const all = useSession((state) => state.connections?.connections);
  const type = useSession((state) => state.connectionTypes.find((each) => each.type === field.type));
  const fitting = (all ?? []).filter((each) => each.type === field.type);
  const name = asText(value);
  const isKnown = fitting.some((each) => each.name === name);
  const open = async (request: Parameters<typeof showConnections>[1]) => {
    const saved = await showConnections(widgets, request);
    if (saved !== null && request?.create !== undefined) onChange(saved);
  };
  const edit = () => void open(isKnown ? { select: name } : { create: field.type ?? '' });
  const data = [
    ...fitting.map((each) => ({ value: each.name, label: visible(each.name) })),
    ...(name !== '' && !isKnown ? [{ value: name, label: visible(name) }] : []),
    { value: newOption, label: 'New connection…' },
  ];
  return (
    <div className={styles.addRow}>
      <Select
        id={id}
        flex={1}
        data={data}
        value={name === '' ? null : name}
        placeholder={fitting.length > 0 ? 'Choose a connection' : 'No connection yet'}
        leftSection={type && <NodeIcon icon={type.icon} kind="transform" />}
        leftSectionWidth={32}
        clearable={field.optional}
        allowDeselect={false}
        searchable={fitting.length > 8}
        error={hasError(problems)}
        aria-describedby={describedBy}
        renderOption={({ option }) => {
          const found = fitting.find((each) => each.name === option.value);
          return (
            <div>
              <div>{option.label}</div>
              {found && <div className={styles.optionDetail}>{visible(found.card)}</div>}
            </div>
          );
        }}
        onChange={(next) => (next === newOption ? void open({ create: field.type ?? '' }) : onChange(next ?? (field.optional ? null : '')))}
      />
      <Tooltip label={isKnown ? 'Edit this connection' : 'New connection'}>
        <ActionIcon aria-label={isKnown ? `Edit the connection of ${label}` : `New connection for ${label}`} onClick={edit}>
          {isKnown ? <IconPencil size={15} stroke={1.6} /> : <IconPlus size={15} stroke={1.6} />}
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
