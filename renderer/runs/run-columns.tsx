/** The columns in the table of a run's counters, and their values for each node. */
import { IconHourglassHigh } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { errorPort } from '../../engine/document/pipeline.ts';
import type { NodeStats } from '../../engine/protocol/messages.ts';
import { rowsSent } from '../../engine/protocol/run-facts.ts';
import { beginningOfTime, endOfTime } from '../../model/schema/event-time.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatBytes, formatCount, formatDuration, formatEventTime } from '../format/run-text.ts';
import { useShownZone } from '../session/time-zone.ts';

/** What a cell is made of. */
export interface NodeRow {
  readonly id: string;
  readonly title: string;
  readonly stats: NodeStats;
  readonly isLive: boolean;
  /** Of the run so far, in seconds. */
  readonly seconds: number;
  readonly titleOf: (id: string) => string;
}

export interface RunColumn {
  readonly name: string;
  readonly label: (isLive: boolean) => string;
  /** A tooltip: what the figure means, and its unit. */
  readonly help: string;
  /** Absent if no node has such a figure; without this function, the column is always shown. */
  readonly isShown?: (all: readonly NodeStats[]) => boolean;
  /** The value by which rows are sorted; null comes last either way. */
  readonly value: (row: NodeRow) => number | null;
  readonly cell: (row: NodeRow) => ReactNode;
  /** Text of the cell's own tooltip. */
  readonly details?: (row: NodeRow) => string | undefined;
  readonly tone?: (row: NodeRow) => 'zero' | 'bad' | 'notable' | undefined;
  readonly isLeft?: boolean;
}

const zero = (value: number | null) => (value ? undefined : 'zero');
const count = (value: number | null) => (value === null ? '' : formatCount(value));
const hasInput = ({ stats }: NodeRow) => stats.in > 0 || !isSource(stats);
/** Only sources report how far they have read or what waits for them; a node that has taken in rows is not one. */
const isSource = ({ in: taken, out, progress, backlog }: NodeStats) => taken === 0 && (progress !== undefined || backlog !== undefined || rowsSent(out) > 0);
const hasOutput = ({ stats: { out } }: NodeRow) => Object.keys(out).some((port) => port !== errorPort);
const handled = ({ stats: { in: taken, out } }: NodeRow) => (taken > 0 ? taken : rowsSent(out));

const counter = (name: 'dropped' | 'failed' | 'late', label: string, help: string, tone: 'bad' | 'notable' | undefined): RunColumn => ({
  name,
  label: () => label,
  help,
  ...(name === 'failed' ? {} : { isShown: (all) => all.some((stats) => stats[name] > 0) }),
  value: ({ stats }) => stats[name],
  cell: ({ stats }) => count(stats[name]),
  tone: ({ stats }) => (stats[name] > 0 ? tone : 'zero'),
});

const rowsPerSecond = (row: NodeRow) => (row.isLive ? row.stats.rate : row.seconds > 0 ? handled(row) / row.seconds : 0);

export const runColumns: readonly RunColumn[] = [
  {
    name: 'in',
    label: () => 'Rows in',
    help: 'Rows that the node has received. Sources receive none.',
    value: (row) => (hasInput(row) ? row.stats.in : null),
    cell: (row) => (hasInput(row) ? count(row.stats.in) : ''),
    tone: (row) => zero(row.stats.in),
  },
  {
    name: 'out',
    label: () => 'Rows out',
    help: 'Rows that the node has sent, without those that failed. Sinks send none.',
    value: (row) => (hasOutput(row) ? rowsSent(row.stats.out) : null),
    cell: (row) => (hasOutput(row) ? count(rowsSent(row.stats.out)) : ''),
    details: ({ stats: { out, outRate }, isLive }) => {
      const ports = Object.entries(out);
      const line = ([port, rows]: [string, number]) => `${port}: ${count(rows)} rows${isLive && outRate ? `, ${count(outRate[port] ?? 0)} per second` : ''}`;
      return ports.length > 1 ? ports.map(line).join('\n') : undefined;
    },
    tone: (row) => zero(rowsSent(row.stats.out)),
  },
  {
    name: 'rate',
    label: (isLive) => (isLive ? 'Rows/s' : 'Rows/s, mean'),
    help: 'Rows received per second, or for a source, rows sent: over the last second while it runs, over the whole run once it has ended.',
    value: rowsPerSecond,
    cell: (row) => count(rowsPerSecond(row)),
    tone: (row) => zero(Math.round(rowsPerSecond(row))),
  },
  counter('failed', 'Failed', 'Rows that the node could not handle. See “Errors” for the first of them.', 'bad'),
  counter('late', 'Late', 'Rows that arrived after their window was closed. They leave through a port of their own.', 'notable'),
  counter('dropped', 'Dropped', 'Rows that the node received and, as intended, did not send: for instance, those that do not match a filter.', undefined),
  {
    name: 'state',
    label: () => 'State',
    help: 'What the node keeps between rows: open windows, keys seen, rows waiting for a match.',
    isShown: (all) => all.some((stats) => stats.state),
    value: ({ stats }) => stats.state?.bytes ?? null,
    cell: ({ stats }) => stats.state && formatBytes(stats.state.bytes),
    details: ({ stats }) => stats.state && `${count(stats.state.entries)} entries, ${count(stats.state.bytes)} bytes`,
    tone: ({ stats }) => zero(stats.state?.entries ?? 0),
  },
  {
    name: 'watermark',
    label: () => 'Watermark',
    help: 'Event time (in the time zone of the status bar) up to which all rows are assumed to have arrived; windows that end before it are closed. In grey: how far it is behind the clock.',
    isShown: (all) => all.some(({ watermark }) => isEventTime(watermark)),
    value: ({ stats: { watermark } }) => (isEventTime(watermark) ? watermark : null),
    cell: (row) => <Watermark {...row} />,
    details: ({ stats: { watermark, heldBy }, isLive, titleOf }) => {
      const behind = Date.now() - watermark;
      const lines = [
        ...(isLive && isEventTime(watermark) && behind >= 0 ? [`${formatDuration(behind)} behind the clock`] : []),
        ...(heldBy === undefined ? [] : [`Rows wait here: the watermark is held back by “${titleOf(heldBy)}”`]),
      ];
      return lines.length > 0 ? lines.join('\n') : undefined;
    },
    tone: ({ stats: { watermark, heldBy } }) => (heldBy === undefined ? (isEventTime(watermark) ? undefined : 'zero') : 'notable'),
  },
  {
    name: 'waits',
    label: () => 'Waits for',
    help: 'What the node waits for, such as a server that it connects to again.',
    isShown: (all) => all.some(({ waits }) => waits !== undefined),
    value: ({ stats: { waits } }) => (waits === undefined ? null : 1),
    cell: ({ stats: { waits }, isLive }) => (isLive && waits !== undefined ? visible(waits) : ''),
    details: ({ stats: { waits } }) => waits,
    tone: ({ stats: { waits } }) => (waits === undefined ? undefined : 'notable'),
    isLeft: true,
  },
  {
    name: 'work',
    label: () => 'Busy',
    help: 'Time that the node was busy. The bar divides its time: busy, waiting for nodes downstream or for other sources, and (empty) waiting for rows.',
    value: ({ stats }) => stats.busyMs,
    cell: ({ stats }) => <Work stats={stats} />,
    details: ({ stats }) => sharesOf(stats)?.words,
    tone: ({ stats }) => (stats.busyMs < 1 ? 'zero' : undefined),
  },
  {
    name: 'backlog',
    label: () => 'Waiting',
    help: 'What is waiting for the source to read it.',
    isShown: (all) => all.some((stats) => stats.backlog),
    value: ({ stats }) => stats.backlog?.waiting ?? null,
    cell: ({ stats: { backlog } }) => backlog && amount(backlog.unit, backlog.waiting),
    tone: ({ stats: { backlog } }) => zero(backlog?.waiting ?? 0),
  },
  {
    name: 'lost',
    label: () => 'Lost',
    help: 'What was removed before the source could read it, as far as it knows: for instance, rows of a file that was truncated.',
    isShown: (all) => all.some(({ backlog }) => backlog?.lost),
    value: ({ stats }) => stats.backlog?.lost ?? null,
    cell: ({ stats: { backlog } }) => backlog?.lost && amount(backlog.unit, backlog.lost),
    tone: ({ stats: { backlog } }) => (backlog?.lost ? 'notable' : 'zero'),
  },
  {
    name: 'progress',
    label: () => 'Read',
    help: 'How much of its input the source has read.',
    isShown: (all) => all.some(({ progress }) => progress && progress.total !== null),
    value: ({ stats: { progress } }) => (progress ? progress.done / (progress.total ?? progress.done) : null),
    cell: ({ stats }) => stats.progress && <Progress progress={stats.progress} />,
    isLeft: true,
  },
];

function Watermark({ stats: { watermark, heldBy }, isLive }: NodeRow) {
  const zone = useShownZone();
  if (!isEventTime(watermark)) return watermark >= endOfTime ? 'end' : '';
  const behind = Date.now() - watermark;
  return (
    <>
      {heldBy !== undefined && <IconHourglassHigh size={13} role="img" aria-label="held back" />} {formatEventTime(watermark, zone)}
      {isLive && behind >= 0 && behind < dayMs && <span className="run-lag"> −{formatDuration(behind)}</span>}
    </>
  );
}

/** A node's working time, and its share of the total. */
function Work({ stats }: { readonly stats: NodeStats }) {
  const shares = sharesOf(stats);
  return (
    <>
      {shares && (
        <span className="run-share" role="img" aria-label={shares.words}>
          <i style={{ width: shares.busy }} data-part="busy" />
          <i style={{ width: shares.blocked }} data-part="blocked" />
        </span>
      )}
      {formatDuration(stats.busyMs)}
    </>
  );
}

/** Null for nodes within a chain: they are called directly and do not wait. */
function sharesOf({ busyMs, idleMs, blockedMs }: NodeStats) {
  if (idleMs + blockedMs <= 0) return null;
  const total = busyMs + idleMs + blockedMs;
  const share = (ms: number) => `${Math.round((100 * ms) / total)} %`;
  const [busy, blocked, idle] = [share(busyMs), share(blockedMs), share(idleMs)];
  return { busy, blocked, words: `${busy} busy, ${blocked} waiting for nodes downstream or other sources, ${idle} waiting for rows` };
}

function Progress({ progress }: { readonly progress: NonNullable<NodeStats['progress']> }) {
  if (progress.total === null) return amount(progress.unit, progress.done);
  return (
    <>
      <progress value={progress.done} max={Math.max(1, progress.total)} aria-label="Read so far" /> {amount(progress.unit, progress.done)} of{' '}
      {amount(progress.unit, progress.total)}
    </>
  );
}

const dayMs = 86_400_000;

function isEventTime(watermark: number): boolean {
  return watermark > beginningOfTime && watermark < endOfTime;
}

function amount(unit: 'bytes' | 'rows', value: number): string {
  return unit === 'bytes' ? formatBytes(value) : `${formatCount(value)} ${value === 1 ? 'row' : 'rows'}`;
}
