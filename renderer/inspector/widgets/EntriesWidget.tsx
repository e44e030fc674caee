import { ActionIcon, Autocomplete, Loader, Tooltip } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../../engine/protocol/connection.ts';
import type { Problem } from '../../../engine/protocol/messages.ts';
import { visible } from '../../../model/text/visible-text.ts';
import { session, useSession } from '../../session/session.ts';
import { ProblemLines } from '../form/ProblemLines.tsx';
import styles from '../form/Widgets.module.css';
import { asText, hasError, placeholderOf, textOrNull, useForm, type WidgetProps } from '../form/widget.ts';

interface Entry {
  readonly name: string;
  readonly detail?: string;
}
type Listed = { readonly entries: readonly Entry[] } | { readonly problem: Problem };

/** Of this page: asked for again by its button, or where the connection changes. */
const known = new Map<string, Listed>();
const shownEntries = 200;

/** A text with the names that the node's connection offers. Any other may be typed. */
export function EntriesWidget({ id, path, field, value, onChange, onDone, problems, describedBy, label }: WidgetProps) {
  const { node, values } = useForm();
  const connection = useSession(({ pipeline, catalogue }) => connectionOf(catalogue.get(pipeline.nodes[node]?.type ?? '')?.params ?? {}, values));
  const stamp = useSession(({ connections }) => `${connections?.stamp} ${connections?.environment}`);
  const trusted = useSession((state) => state.trusted);
  const text = asText(value);
  const [listed, setListed] = useState<Listed | 'loading' | null>(null);
  const stop = useRef<AbortController | null>(null);
  const { [path]: _own, ...of } = values;
  const key = JSON.stringify([session.state.documentId, connection, stamp, field.entries, of]);

  useEffect(() => {
    setListed(known.get(key) ?? null);
    return () => stop.current?.abort();
  }, [key]);

  const load = async (again = false) => {
    const { documentId } = session.state;
    if (!documentId || !connection || !trusted || (!again && (listed === 'loading' || known.has(key)))) return;
    stop.current?.abort();
    const own = new AbortController();
    stop.current = own;
    setListed('loading');
    const found: Listed = await session
      .request('connections.entries', { documentId, connection, what: field.entries ?? '', of }, { signal: own.signal })
      .catch((error: unknown) => ({ problem: problemOf(error) }));
    if (own.signal.aborted) return;
    if ('entries' in found) known.set(key, found);
    setListed(found);
  };
  const entries = listed && listed !== 'loading' && 'entries' in listed ? listed.entries : [];
  const detailOf = new Map(entries.map(({ name, detail }) => [name, detail]));
  const problem = listed && listed !== 'loading' && 'problem' in listed ? listed.problem : null;
  return (
    <>
      <Autocomplete
        id={id}
        value={text}
        placeholder={placeholderOf(field) ?? (connection ? 'Choose or type' : 'Choose a connection first, or type')}
        error={hasError(problems)}
        aria-describedby={describedBy}
        spellCheck={false}
        data={entries.map(({ name }) => name)}
        // The name that is there already must not hide the others.
        filter={({ options, search }) =>
          detailOf.has(search) ? options : options.filter((option) => 'label' in option && option.label.toLowerCase().includes(search.toLowerCase()))
        }
        limit={shownEntries}
        maxDropdownHeight={260}
        renderOption={({ option }) => (
          <div>
            <div>{visible(option.value)}</div>
            {detailOf.get(option.value) && <div className={styles.optionDetail}>{visible(detailOf.get(option.value) ?? '')}</div>}
          </div>
        )}
        rightSection={
          listed === 'loading' ? (
            <Loader size={13} aria-label="Loading names" />
          ) : (
            connection && (
              <Tooltip label="Load the names again">
                <ActionIcon size={22} aria-label={`Load the names for ${label} again`} onClick={() => void load(true)}>
                  <IconRefresh size={14} stroke={1.6} />
                </ActionIcon>
              </Tooltip>
            )
          )
        }
        onFocus={() => void load()}
        onChange={(next) => onChange(textOrNull(next, field), 'typing')}
        onBlur={onDone}
      />
      {problem && <ProblemLines problems={[{ ...problem, severity: 'warning' }]} />}
    </>
  );
}

function connectionOf(fields: { readonly [name: string]: { readonly kind: string } }, values: { readonly [name: string]: unknown }): string | null {
  const [name] = Object.keys(fields).filter((each) => fields[each]?.kind === 'connection');
  const value = name === undefined ? null : values[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
