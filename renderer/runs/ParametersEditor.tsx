import { ActionIcon, Button, Checkbox, Modal, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { setParameter, setPipeline } from '../../engine/document/edits.ts';
import type { Parameter } from '../../engine/document/pipeline.ts';
import { showDialog } from '../app/dialogs.tsx';
import { session, usePipeline } from '../session/session.ts';
import './runs.css';

const types = [
  { value: 'text', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'Yes or no' },
];
const emptyDefaults = { text: '', number: 0, boolean: false } as const;

/** Name, description and parameters of the document. Every change is an edit like any other: at once, and undoable. */
export function showParametersEditor(): Promise<null> {
  return showDialog<null>((close) => <ParametersEditor onClose={() => close(null)} />);
}

function ParametersEditor({ onClose }: { readonly onClose: () => void }) {
  const { name, description, parameters } = usePipeline();
  const [newName, setNewName] = useState('');
  const isTaken = Object.hasOwn(parameters, newName);
  const isValid = /^[A-Za-z_]\w*$/.test(newName);
  const add = () => {
    if (!isValid || isTaken) return;
    session.edit(`Add parameter “${newName}”`, (pipeline) => setParameter(pipeline, newName, { type: 'text', default: '' }));
    setNewName('');
  };
  const change = (key: string, parameter: Parameter | null) =>
    session.edit(
      parameter ? `Change parameter “${key}”` : `Delete parameter “${key}”`,
      (pipeline) => setParameter(pipeline, key, parameter),
      parameter ? { merge: `parameter ${key}` } : {},
    );
  return (
    <Modal
      opened
      onClose={() => {
        session.seal();
        onClose();
      }}
      title="Pipeline properties"
      size={640}
    >
      <div className="form">
        <TextInput
          label="Name"
          maxLength={200}
          data-autofocus
          value={name}
          onChange={({ currentTarget: { value } }) =>
            session.edit('Rename the pipeline', (pipeline) => setPipeline(pipeline, { name: value }), { merge: 'pipeline name' })
          }
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={6}
          value={description ?? ''}
          onChange={({ currentTarget: { value } }) =>
            session.edit('Describe the pipeline', (pipeline) => setPipeline(pipeline, { description: value }), { merge: 'pipeline description' })
          }
        />
        <div>
          <h4 className="form-title">Parameters</h4>
          <p className="form-help">
            A value that each run can set anew. Write <code>{'${name}'}</code> in a node's text field to use it.
          </p>
          {Object.keys(parameters).length > 0 && (
            <table className="parameter-table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Type</th>
                  <th>Default</th>
                  <th>Description</th>
                  <th aria-label="Delete" />
                </tr>
              </thead>
              <tbody>
                {Object.entries(parameters).map(([key, parameter]) => (
                  <tr key={key}>
                    <td>
                      <code>{key}</code>
                    </td>
                    <td>
                      <Select
                        aria-label={`Type of ${key}`}
                        allowDeselect={false}
                        data={types}
                        value={parameter.type}
                        onChange={(type) =>
                          type && change(key, { ...parameter, type: type as Parameter['type'], default: emptyDefaults[type as Parameter['type']] })
                        }
                      />
                    </td>
                    <td>
                      <DefaultInput name={key} parameter={parameter} onChange={(value) => change(key, { ...parameter, default: value })} />
                    </td>
                    <td>
                      <TextInput
                        aria-label={`Description of ${key}`}
                        value={parameter.description ?? ''}
                        onChange={({ currentTarget: { value } }) =>
                          change(key, value ? { ...parameter, description: value } : { type: parameter.type, default: parameter.default })
                        }
                      />
                    </td>
                    <td>
                      <ActionIcon aria-label={`Delete parameter ${key}`} onClick={() => change(key, null)}>
                        <IconTrash size={15} />
                      </ActionIcon>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <form
            className="parameter-new"
            onSubmit={(event) => {
              event.preventDefault();
              add();
            }}
          >
            <TextInput
              aria-label="Name of a new parameter"
              placeholder="min_temperature"
              value={newName}
              error={
                isTaken ? 'There is a parameter of this name already.' : newName !== '' && !isValid ? 'Use letters, digits and _; start with a letter.' : null
              }
              onChange={(event) => setNewName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" leftSection={<IconPlus size={14} />} disabled={!isValid || isTaken}>
              Add parameter
            </Button>
          </form>
        </div>
        <div className="dialog-buttons">
          <Button
            onClick={() => {
              session.seal();
              onClose();
            }}
          >
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function DefaultInput({
  name,
  parameter,
  onChange,
}: {
  readonly name: string;
  readonly parameter: Parameter;
  readonly onChange: (value: Parameter['default']) => void;
}) {
  const label = `Default of ${name}`;
  if (parameter.type === 'boolean')
    return <Checkbox aria-label={label} checked={parameter.default === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
  if (parameter.type === 'number')
    return <NumberInput aria-label={label} value={parameter.default as number} onChange={(value) => typeof value === 'number' && onChange(value)} />;
  return <TextInput aria-label={label} value={String(parameter.default)} onChange={(event) => onChange(event.currentTarget.value)} />;
}
