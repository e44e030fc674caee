import { findColumn } from '@millrace/kit/columns';
import { defineNode } from '@millrace/kit/node';
import { columnTime, columnTimeFields, withTimeColumn } from '@millrace/kit/sources/event-time-source';

export default defineNode({
  type: 'set-event-time',
  kind: 'transform',
  title: 'Set event time',
  summary: 'Makes a column the event time for windows and timers after this node.',
  category: 'Columns',
  icon: 'calendar-time',
  version: 1,
  keywords: ['timestamp', 'watermark', 'assign timestamps', 'late', 'log', 'nested', 'window', 'quiet', 'idle'],
  docs: `
Makes a column the event time of the rows. Windows, joins of streams and timers use it.

Use this node for times that do not exist yet at the source: in a line of text that is parsed first, or in a nested field. If the source itself has the column, set the event time there.

The column becomes a timestamp. The node reads texts in ISO 8601, numbers counted since 1970, and texts by a pattern such as \`dd.MM.yyyy HH:mm\`. A row without a time, or with one that does not fit, fails.

### Watermark
The node makes the watermark as a source does: the greatest time so far, minus *Out of order by at most*. Rows before it are late. The event time that the rows had before is no longer used.

- **Idle after**: after this long without rows, windows over several inputs do not wait for this one.
- **Close windows when quiet for**: after this long without rows, time advances with this machine's clock, behind it by as much, and the last windows close. Rows that arrive later with older times are late.
- If the input ends, no row is late because of its order. A run that finds its rows further out of order than set here starts over. If it cannot start over, because it prints rows or commits with checkpoints, windows wait for the end of the input.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params: columnTimeFields,
  card: ({ timeColumn }) => timeColumn ?? 'Choose a column',
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    if (!rows) return { outputs: { rows: null } };
    // The params' own check reports that the chosen one does not exist.
    if (params.timeColumn && !rows.columns.some(({ name }) => name === params.timeColumn)) return { outputs: { rows } };
    const found = withTimeColumn(rows, params);
    return 'schema' in found ? { outputs: { rows: found.schema } } : { outputs: { rows }, problems: found.problem ? [found.problem] : [] };
  },
  lower: ({ params, inputs }) => {
    const type = findColumn(inputs.rows, params.timeColumn ?? '')?.type ?? 'timestamp';
    return { op: 'assignTime', ...columnTime(params, type) };
  },
  examples: [
    {
      title: 'A text as the time',
      params: { timeColumn: 'at', timeFormat: 'pattern', timePattern: 'dd.MM.yyyy HH:mm', timeZone: 'Europe/Berlin' },
      inputs: {
        rows: [
          { at: '31.01.2026 13:00', status: 200 },
          { at: 'yesterday', status: 404 },
        ],
      },
      outputs: { rows: [{ at: Date.UTC(2026, 0, 31, 12), status: 200 }] },
      failures: ['does not fit'],
    },
    {
      title: 'Seconds since 1970',
      params: { timeColumn: 'ts', timeFormat: 'seconds' },
      inputs: { rows: [{ ts: 1769860800 }] },
      outputs: { rows: [{ ts: Date.UTC(2026, 0, 31, 12) }] },
    },
  ],
});
