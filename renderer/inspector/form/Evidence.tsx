import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { SeenLine } from '../../../engine/protocol/messages.ts';
import { visible } from '../../../model/text/visible-text.ts';
import styles from './Evidence.module.css';

/** The number of characters for which there is room. */
const shortLength = 34;

interface FindingRowProps {
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly head: ReactNode;
  /** A button beside the head. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** One detected property: its name and value in a line, which opens to show the rest. */
export function FindingRow({ open, onToggle, head, action, children }: FindingRowProps) {
  return (
    <li className={styles.row} data-open={open || undefined}>
      <div className={styles.headLine}>
        <UnstyledButton className={styles.head} aria-expanded={open} onClick={onToggle}>
          <IconChevronRight size={12} data-open={open || undefined} />
          {head}
        </UnstyledButton>
        {action}
      </div>
      {open && <div className={styles.body}>{children}</div>}
    </li>
  );
}

/** Lines of the input, with invisible characters made visible. A long one is cut until it is clicked. */
export function SeenLines({ lines, label }: { readonly lines: readonly SeenLine[]; readonly label: string }) {
  if (lines.length === 0) return null;
  return (
    <ol className={styles.lines} aria-label={label}>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they do not move.
        <Line key={index} line={line} />
      ))}
    </ol>
  );
}

function Line({ line: { line, source, text } }: { readonly line: SeenLine }) {
  const [isWhole, setWhole] = useState(false);
  const place = `${line === undefined ? 'further on' : `line ${line.toLocaleString('en')}`}${source === undefined ? '' : ` of ${source}`}`;
  const marked = text === '' ? <span className={styles.mark}>empty</span> : marks(text);
  return (
    <li>
      <span className={styles.number} title={visible(place)}>
        {line === undefined ? '…' : line}
      </span>
      {text.length > shortLength || text.includes('\n') ? (
        <UnstyledButton className={styles.text} data-whole={isWhole || undefined} aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {marked}
        </UnstyledButton>
      ) : (
        <span className={styles.text}>{marked}</span>
      )}
      {source !== undefined && <span className={styles.source}>{visible(source)}</span>}
    </li>
  );
}

const shownMarks: { readonly [character: string]: { readonly sign: string; readonly title: string } } = {
  '\t': { sign: '→', title: 'Tab' },
  '\r': { sign: 'CR', title: 'Carriage return' },
  '\n': { sign: 'LF', title: 'Line feed' },
  '\ufeff': { sign: 'BOM', title: 'Byte order mark' },
  '\ufffd': { sign: '�', title: 'Bytes that are not text in this encoding' },
};

function marks(text: string): ReactNode {
  return text.split(/([\t\r\n\ufeff\ufffd])/).map((part, index) => {
    const mark = shownMarks[part];
    if (!mark) return part === '' ? null : visible(part);
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: they do not move.
      <span key={index} className={styles.mark} title={mark.title}>
        {mark.sign}
      </span>
    );
  });
}
