/** A run's summary in the text format of Prometheus, version 0.0.4. Base units: seconds and bytes. */

import { beginningOfTime, endOfTime } from '../../model/schema/event-time.ts';
import type { NodeStats, RunState, RunSummary } from '../protocol/messages.ts';

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = { readonly [name: string]: string };
interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
}

const states: readonly RunState[] = ['starting', 'running', 'paused', 'draining', 'stopping', 'restarting', 'not responding', 'done', 'failed', 'stopped'];

export function prometheusText(summary: RunSummary, now = Date.now()): string {
  return metricsOf(summary, now)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${valueText(value)}`);
      return `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
    })
    .join('');
}

function metricsOf(summary: RunSummary, now: number): Metric[] {
  const nodes = Object.entries(summary.stats);
  const perNode = (name: string, type: Metric['type'], help: string, value: (stats: NodeStats) => number | undefined): Metric => ({
    name: `millrace_node_${name}`,
    type,
    help,
    samples: nodes.flatMap(([node, stats]) => {
      const found = value(stats);
      return found === undefined ? [] : [{ labels: { node }, value: found }];
    }),
  });
  const ofRun = (name: string, type: Metric['type'], help: string, value: number | undefined): Metric => ({
    name: `millrace_${name}`,
    type,
    help,
    samples: value === undefined ? [] : [{ labels: {}, value }],
  });
  const { checkpoint } = summary;
  return [
    {
      name: 'millrace_run_info',
      type: 'gauge',
      help: 'The run that these metrics describe.',
      samples: [{ labels: { run: summary.id, pipeline: summary.pipeline, path: summary.path ?? '' }, value: 1 }],
    },
    {
      name: 'millrace_run_state',
      type: 'gauge',
      help: '1 for the state that the run is in, 0 for the others.',
      samples: states.map((state) => ({ labels: { state }, value: Number(state === summary.state) })),
    },
    ofRun('run_start_time_seconds', 'gauge', 'When the run was started, in seconds since 1970.', summary.startedAt / 1000),
    ofRun('run_restarts_total', 'counter', 'How often the run was restarted after a failure.', summary.restarts),
    {
      name: 'millrace_node_rows_total',
      type: 'counter',
      help: 'Rows received and sent, by port. After a restart, counts continue from the last checkpoint.',
      samples: nodes.flatMap(([node, stats]) => [
        { labels: { node, direction: 'in', port: '' }, value: stats.in },
        ...Object.entries(stats.out).map(([port, rows]) => ({ labels: { node, direction: 'out', port }, value: rows })),
      ]),
    },
    perNode('dropped_rows_total', 'counter', 'Rows that were received and intentionally not sent on.', ({ dropped }) => dropped),
    perNode('failed_rows_total', 'counter', 'Rows that failed.', ({ failed }) => failed),
    perNode('late_rows_total', 'counter', 'Rows that arrived after their window was closed.', ({ late }) => late),
    perNode('busy_seconds_total', 'counter', 'Time busy.', ({ busyMs }) => busyMs / 1000),
    perNode('idle_seconds_total', 'counter', 'Time waiting for rows.', ({ idleMs }) => idleMs / 1000),
    perNode('blocked_seconds_total', 'counter', 'Time waiting for nodes downstream, or for other sources to catch up.', ({ blockedMs }) => blockedMs / 1000),
    perNode('watermark_timestamp_seconds', 'gauge', 'Every row up to this event time has arrived, in seconds since 1970.', (stats) => timeOf(stats)),
    perNode('watermark_lag_seconds', 'gauge', 'How far the watermark is behind the clock.', (stats) => {
      const time = timeOf(stats);
      return time === undefined ? undefined : now / 1000 - time;
    }),
    {
      name: 'millrace_node_backlog',
      type: 'gauge',
      help: 'Input that waits to be read, in the unit of the source.',
      samples: nodes.flatMap(([node, { backlog }]) => (backlog ? [{ labels: { node, unit: backlog.unit }, value: backlog.waiting }] : [])),
    },
    {
      name: 'millrace_node_lost_total',
      type: 'counter',
      help: 'Input that was lost before it could be read, as far as the source knows, in the unit of the source.',
      samples: nodes.flatMap(([node, { backlog }]) => (backlog?.lost ? [{ labels: { node, unit: backlog.unit }, value: backlog.lost }] : [])),
    },
    perNode('state_entries', 'gauge', 'Entries that the node keeps between rows.', ({ state }) => state?.entries),
    perNode('state_bytes', 'gauge', 'Size of the state that the node keeps between rows.', ({ state }) => state?.bytes),
    ofRun('state_memory_bytes', 'gauge', 'Memory that the state of all nodes takes, as estimated.', summary.stateUse?.inMemory),
    ofRun('state_memory_limit_bytes', 'gauge', 'Memory that the state of all nodes may take.', summary.stateUse?.limit),
    ofRun('state_disk_bytes', 'gauge', 'State on disk because it does not fit in memory, in the bytes of memory that it would take.', summary.stateUse?.onDisk),
    ofRun('checkpoint_id', 'gauge', 'Number of the last checkpoint.', checkpoint?.id),
    ofRun('checkpoint_age_seconds', 'gauge', 'Age of the last checkpoint.', checkpoint ? Math.max(0, now - checkpoint.at) / 1000 : undefined),
    ofRun('checkpoint_duration_seconds', 'gauge', 'Duration of the last checkpoint.', checkpoint ? checkpoint.tookMs / 1000 : undefined),
    ofRun('checkpoint_bytes', 'gauge', 'Size of the last checkpoint.', checkpoint?.bytes),
  ];
}

/** In seconds; undefined before the first one and after the end of the input. */
function timeOf({ watermark }: NodeStats): number | undefined {
  return watermark > beginningOfTime && watermark < endOfTime ? watermark / 1000 : undefined;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
