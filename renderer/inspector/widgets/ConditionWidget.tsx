// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a look and a layout of its own.
import { ActionIcon, Button, SegmentedControl, Select, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { inputSchema } from '../../session/fields.ts';
import { asCondition, operators, type Rule, takesValue, valueHint } from '../form/conditions.ts';
import { useAddedFocus } from '../form/use-added-focus.ts';
import styles from '../form/Widgets.module.css';
import { useForm, type WidgetProps } from '../form/widget.ts';
import { ColumnPicker } from './ColumnPicker.tsx';

/** Rows of column, operator and value, of which all or any must be true. */
export function ConditionWidget({ path, field, value, onChange, onDone, problems, label }: WidgetProps) {
  const { check } = useForm();
  const schema = inputSchema(check, field);
  const condition = asCondition(value);
  const { rules } = condition;
  const { ref, added } = useAddedFocus<HTMLDivElement>(rules.length);
  const set = (next: Partial<typeof condition>, how?: 'typing') => onChange({ ...condition, ...next }, how);
  const setRule = (index: number, change: Partial<Rule>, how?: 'typing') =>
    set({ rules: rules.map((rule, at) => (at === index ? { ...rule, ...change } : rule)) }, how);
  const wrong = (index: number, part: string) =>
    problems.some(
      (problem) => problem.severity === 'error' && (problem.field === `${path}.rules.${index}.${part}` || problem.field === `${path}.rules.${index}`),
    );

  return (
    <div ref={ref} className={styles.rules} role="group" aria-label={label}>
      {rules.length > 1 && (
        <div className={styles.match}>
          <Text size="xs" c="dimmed">
            Match
          </Text>
          <SegmentedControl
            aria-label="Match all or any"
            data={[
              { value: 'all', label: 'all' },
              { value: 'any', label: 'any' },
            ]}
            value={condition.match}
            onChange={(match) => set({ match: match as 'all' | 'any' })}
          />
          <Text size="xs" c="dimmed">
            of these
          </Text>
        </div>
      )}
      {rules.map((rule, index) => {
        const type = schema?.columns.find((column) => column.name === rule.column)?.type;
        return (
          <div key={index} data-row-of={path} className={styles.rule} role="group" aria-label={`Condition ${index + 1}`}>
            <ColumnPicker
              label={`Column of condition ${index + 1}`}
              schema={schema}
              value={rule.column}
              error={wrong(index, 'column')}
              onChange={(column) => setRule(index, { column }, 'typing')}
              onDone={onDone}
            />
            <Select
              aria-label={`Operator of condition ${index + 1}`}
              data={operators.map((operator) => ({ ...operator }))}
              value={rule.operator}
              allowDeselect={false}
              maxDropdownHeight={380}
              comboboxProps={{ width: 130, position: 'bottom-start' }}
              error={wrong(index, 'operator')}
              onChange={(operator) => operator && setRule(index, { operator })}
            />
            <ActionIcon size={24} aria-label={`Remove condition ${index + 1}`} onClick={() => set({ rules: rules.filter((_, at) => at !== index) })}>
              <IconX size={14} />
            </ActionIcon>
            {takesValue(rule.operator) && (
              <TextInput
                className={styles.ruleValue}
                aria-label={`Value of condition ${index + 1}`}
                placeholder={valueHint(rule.operator, type)}
                value={rule.value}
                error={wrong(index, 'value')}
                spellCheck={false}
                onChange={(event) => setRule(index, { value: event.currentTarget.value }, 'typing')}
                onBlur={onDone}
              />
            )}
          </div>
        );
      })}
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        leftSection={<IconPlus size={13} />}
        className={styles.add}
        onClick={() => {
          added();
          set({ rules: [...rules, { column: '', operator: '=', value: '' }] });
        }}
      >
        Add condition
      </Button>
    </div>
  );
}
