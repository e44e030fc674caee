import { Button } from '@mantine/core';
import { IconListSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { problemOf } from '../../../engine/protocol/connection.ts';
import type { FieldManifest } from '../../../engine/protocol/messages.ts';
import type { ColumnType, Json } from '../../../model/values/types.ts';
import { formatValue } from '../../../model/values/values.ts';
import { inputSchema } from '../../session/fields.ts';
import { session, useSession } from '../../session/session.ts';
import styles from '../form/Inspector.module.css';
import { useForm } from '../form/widget.ts';

type Item = { readonly [name: string]: Json };
const mostRows = 10_000;
/** More values are unlikely to be meant as columns: each is an item of the form. */
const mostItems = 200;
const tries = 5;

interface SampledItemsProps {
  /** The param that names the column, and the field of an item that takes a value. */
  readonly column: string;
  readonly into: string;
  readonly field: FieldManifest;
  readonly items: readonly Item[];
  readonly fresh: () => Item;
  readonly onChange: (items: readonly Item[]) => void;
}

/** Adds an item to a list for each value that a column has in the sample and that the list lacks. */
export function SampledItems({ column: param, into, field, items, fresh, onChange }: SampledItemsProps) {
  const { node, check } = useForm();
  const name = useSession(({ pipeline }) => pipeline.nodes[node]?.params[param]);
  const [isReading, setReading] = useState(false);
  const [said, setSaid] = useState('');
  const column = inputSchema(check, field)?.columns.find((each) => each.name === name);

  const take = async () => {
    if (!column) return;
    setReading(true);
    try {
      const found = await sampledValues(node, column.name, column.type);
      const known = new Set(items.map((item) => item[into] ?? null));
      const added = found.filter((value) => !known.has(value));
      if (added.length > 0) onChange([...items, ...added.slice(0, mostItems).map((value) => ({ ...fresh(), [into]: value }))]);
      setSaid(
        added.length === 0 ? 'The sample has no other values.' : added.length > mostItems ? `The first ${mostItems} of ${added.length} values were added.` : '',
      );
    } catch (error) {
      setSaid(problemOf(error).message);
    }
    setReading(false);
  };
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        leftSection={<IconListSearch size={13} />}
        disabled={!column}
        loading={isReading}
        onClick={() => void take()}
      >
        Take from the sample
      </Button>
      <span role="status" className={styles.help}>
        {said}
      </span>
    </>
  );
}

/** The values of a column at a node's first input, as texts in order; null for none. */
async function sampledValues(node: string, column: string, type: ColumnType): Promise<(string | null)[]> {
  const { documentId, pipeline } = session.state;
  const edge = pipeline.edges.find(({ to }) => to.node === node);
  if (!edge || documentId === null) return [];
  for (let attempt = 1; ; attempt++) {
    try {
      const { schema, rows } = await session.request('preview.read', { documentId, pipeline, node: edge.from.node, port: edge.from.port, limit: mostRows });
      const at = schema.columns.findIndex(({ name }) => name === column);
      return [...new Set(rows.map((cells) => formatValue(cells[at] ?? null, type) || null))];
    } catch (error) {
      // The data panel requests previews too, and the newest request wins.
      if (problemOf(error).code !== 'preview/superseded' || attempt === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50 * attempt));
    }
  }
}
