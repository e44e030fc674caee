import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Parameter } from '../../engine/document/pipeline.ts';
import { exactNumber } from '../../model/values/exact-number.ts';
import { session } from '../session/session.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './runs.css';
import { visible, visibleLines } from '../../model/text/visible-text.ts';

type Values = { [name: string]: string | number | boolean };

/** Values for one run; null if the user cancels. Offers those of the last run of this document. */
export function askParameters(parameters: { readonly [name: string]: Parameter }): Promise<Values | null> {
  return showDialog<Values>((close) => <ParametersDialog parameters={parameters} onClose={close} />);
}

const lastValues = new Map<string, Values>();

function ParametersDialog({
  parameters,
  onClose,
}: {
  readonly parameters: { readonly [name: string]: Parameter };
  readonly onClose: (values: Values | null) => void;
}) {
  const { documentId } = session.state;
  const [values, setValues] = useState<Values>(() => {
    const last = lastValues.get(documentId ?? '') ?? {};
    return Object.fromEntries(
      Object.entries(parameters).map(([name, parameter]) => [
        name,
        (typeof last[name] === typeof parameter.default ? last[name] : undefined) ?? parameter.default,
      ]),
    );
  });
  const set = (name: string, value: string | number | boolean) => setValues({ ...values, [name]: value });
  /** The typed number, or why it is not one; null for another type. */
  const numberOf = (name: string) => {
    if (parameters[name]?.type !== 'number') return null;
    const read = exactNumber(String(values[name]));
    return read.ok ? read.value : read;
  };
  return (
    <Modal opened onClose={() => onClose(null)} title="Run with parameters" size={440}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const read = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, numberOf(name) ?? value]));
          if (Object.values(read).some((value) => typeof value === 'object')) return;
          lastValues.set(documentId ?? '', read as Values);
          onClose(read as Values);
        }}
      >
        {Object.entries(parameters).map(([name, { type, description }], index) => {
          const common = { label: visible(name), description: description && visibleLines(description), 'data-autofocus': index === 0 || undefined };
          const value = values[name];
          if (type === 'boolean')
            return <Checkbox key={name} {...common} checked={value === true} onChange={(event) => set(name, event.currentTarget.checked)} />;
          const read = numberOf(name);
          const error = typeof read === 'object' && read ? `This ${read.why}. ${read.hint}` : undefined;
          return <TextInput key={name} {...common} error={error} value={String(value)} onChange={(event) => set(name, event.currentTarget.value)} />;
        })}
        <div className="dialog-buttons">
          <Button variant="default" onClick={() => onClose(null)}>
            Cancel
          </Button>
          <Button type="submit">Run</Button>
        </div>
      </form>
    </Modal>
  );
}
