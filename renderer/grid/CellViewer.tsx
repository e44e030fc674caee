import { Button, Group, Modal, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { utc, type Zone } from '../../model/time/zone.ts';
import type { Column, Json } from '../../model/values/types.ts';
import { countText, fullText, timestampText } from '../format/value-text.ts';
import { todaysName } from '../session/time-zone.ts';
import { writeClipboard } from './clipboard.ts';
import styles from './DataGrid.module.css';
import { TypeIcon } from './TypeIcon.tsx';

export interface ShownCell {
  readonly column: Column;
  readonly row: number;
  readonly value: Json;
}

interface CellViewerProps {
  readonly cell: ShownCell | null;
  /** The zone in which a timestamp is shown, too. */
  readonly zone: Zone;
  readonly onClose: () => void;
}

/** One value in full, for texts and JSON that do not fit in a cell. */
export function CellViewer({ cell, zone, onClose }: CellViewerProps) {
  const [copied, setCopied] = useState(false);
  if (!cell) return null;
  const text = fullText(cell.value, cell.column.type, { indent: true });
  const copy = async () => {
    setCopied(await writeClipboard(text));
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      transitionProps={{ duration: 0 }}
      title={
        <Group gap={6}>
          <TypeIcon type={cell.column.type} />
          <Text size="sm" fw={600}>
            {cell.column.name}
          </Text>
          <Text size="sm" c="dimmed">
            row {countText(cell.row + 1)}
          </Text>
        </Group>
      }
    >
      <pre className={styles.viewer}>
        {cell.value === null ? <span className={styles.null}>null</span> : text === '' ? <span className={styles.null}>empty text</span> : text}
      </pre>
      <Group justify="space-between" mt="xs">
        <Text size="xs" c="dimmed">
          {zone !== utc && cell.column.type === 'timestamp' && typeof cell.value === 'number'
            ? `${timestampText(cell.value, zone)} in ${todaysName(zone.name)}`
            : `${countText(text.length)} characters`}
        </Text>
        <Button size="xs" variant="default" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </Group>
    </Modal>
  );
}
