// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
import { ActionIcon, Button } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconCopy, IconGripVertical, IconPlus, IconX } from '@tabler/icons-react';
import type { Json } from '../../../model/values/types.ts';
import { problemsAt } from '../../shell/problems/field-problems.ts';
import { CellReadings } from '../form/CellReadings.tsx';
import { Form } from '../form/Form.tsx';
import { ProblemLines } from '../form/ProblemLines.tsx';
import { useAddedFocus } from '../form/use-added-focus.ts';
import styles from '../form/Widgets.module.css';
import { useForm, type WidgetProps } from '../form/widget.ts';
import { moved, useReorder } from './reorder.ts';
import { SampledItems } from './SampledItems.tsx';

type Item = { readonly [name: string]: Json };

/** Rows of small forms: added, removed, copied, and moved by handle, buttons or Alt+arrows. */
export function ListWidget({ path, field, value, onChange, onDone, label }: WidgetProps) {
  const { problems, check } = useForm();
  const items = Array.isArray(value) ? (value as readonly Item[]) : [];
  const fields = field.item ?? {};
  const itemLabel = field.itemLabel ?? 'Item';
  const { ref, added } = useAddedFocus<HTMLUListElement>(items.length);
  const reorder = useReorder((from, to) => onChange(moved(items, from, to)));
  const fresh = (): Item =>
    Object.fromEntries(Object.entries(fields).map(([name, part]) => [name, part.default ?? (part.optional ? null : emptyOf(part.kind))]));
  const setItem = (index: number, item: Item, how?: 'typing') =>
    onChange(
      items.map((old, at) => (at === index ? item : old)),
      how,
    );

  return (
    <ul ref={ref} className={styles.list} aria-label={label}>
      {items.map((item, index) => {
        const name = `${itemLabel} ${index + 1}`;
        const move = (to: number) => onChange(moved(items, index, to));
        return (
          <li
            key={index}
            data-row-of={path}
            aria-label={name}
            className={styles.listItem}
            {...reorder.item(index)}
            onKeyDown={(event) => {
              const step = event.altKey ? (event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0) : 0;
              if (step === 0) return;
              event.preventDefault();
              move(index + step);
            }}
          >
            <div className={styles.listHead}>
              <span className={styles.grip} {...reorder.handle(index)} title="Drag to reorder">
                <IconGripVertical size={13} stroke={1.6} />
              </span>
              <span className={styles.listTitle}>{name}</span>
              <span className={styles.listActions}>
                <ActionIcon size={20} aria-label={`Move ${name} up`} disabled={index === 0} onClick={() => move(index - 1)}>
                  <IconChevronUp size={14} />
                </ActionIcon>
                <ActionIcon size={20} aria-label={`Move ${name} down`} disabled={index === items.length - 1} onClick={() => move(index + 1)}>
                  <IconChevronDown size={14} />
                </ActionIcon>
                <ActionIcon size={20} aria-label={`Copy ${name}`} onClick={() => onChange([...items.slice(0, index + 1), item, ...items.slice(index + 1)])}>
                  <IconCopy size={13} stroke={1.6} />
                </ActionIcon>
                <ActionIcon size={20} aria-label={`Remove ${name}`} onClick={() => onChange(items.filter((_, at) => at !== index))}>
                  <IconX size={14} />
                </ActionIcon>
              </span>
            </div>
            <Form
              fields={fields}
              values={item}
              path={`${path}.${index}.`}
              compact
              onChange={(part, next, how) => setItem(index, { ...item, [part]: next }, how)}
              onDone={onDone}
            />
            {field.readings && <CellReadings cells={check?.readings?.[String(item[field.readings])] ?? []} />}
            <ProblemLines problems={problemsAt(problems, `${path}.${index}`, field)} />
          </li>
        );
      })}
      <li>
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          className={styles.add}
          onClick={() => {
            added();
            onChange([...items, fresh()]);
          }}
        >
          Add {itemLabel.toLowerCase()}
        </Button>
        {field.sampled && <SampledItems {...field.sampled} field={field} items={items} fresh={fresh} onChange={onChange} />}
      </li>
    </ul>
  );
}

function emptyOf(kind: string): Json {
  if (kind === 'boolean') return false;
  if (kind === 'number' || kind === 'duration') return null;
  if (kind === 'columns' || kind === 'list') return [];
  if (kind === 'keyValue') return {};
  if (kind === 'condition') return { match: 'all', rules: [] };
  return '';
}
