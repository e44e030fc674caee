import { get } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginningOfTime, endOfTime } from '../../model/schema/event-time.ts';
import type { NodeStats, RunSummary } from '../protocol/messages.ts';
import { metricsContentType, prometheusText } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

const stats = (change: Partial<NodeStats> = {}): NodeStats => ({
  in: 10,
  out: { kept: 7, rest: 2 },
  dropped: 0,
  failed: 1,
  rate: 5,
  busyMs: 1500,
  watermark: 1_000_000,
  late: 3,
  idleMs: 20,
  blockedMs: 0,
  ...change,
});
const summary = (change: Partial<RunSummary> = {}): RunSummary => ({
  id: 'one',
  pipeline: 'Orders',
  path: null,
  state: 'running',
  startedAt: 1_500,
  endedAt: null,
  stats: { hot: stats({ state: { entries: 4, bytes: 400 }, backlog: { waiting: 9, lost: 5, unit: 'rows' } }) },
  problems: [],
  outputs: [],
  bounded: false,
  checkpoint: { id: 12, at: 1_060_000, bytes: 2048, tookMs: 250 },
  resumedFrom: null,
  restarts: 2,
  ...change,
});

interface Sample {
  readonly name: string;
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}
/** Reads the text by the rules of the format; throws where one of them is broken. */
function parse(text: string): Sample[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line must end with a line feed');
  const samples: Sample[] = [];
  const finished = new Set<string>();
  const seen = new Set<string>();
  let current = { name: '', help: false, type: '' };
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment;
      if (current.name !== name) {
        finished.add(current.name);
        current = { name: name!, help: false, type: '' };
      }
      if (finished.has(name!)) throw new Error(`the lines of ${name} are apart`);
      if (kind === 'HELP' && current.help) throw new Error(`two HELP lines of ${name}`);
      if (kind === 'TYPE' && (current.type || !['counter', 'gauge'].includes(rest!))) throw new Error(`TYPE of ${name}`);
      current = { ...current, help: current.help || kind === 'HELP', type: kind === 'TYPE' ? rest! : current.type };
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? ([^ ]+)$/s.exec(line);
    if (!sample) throw new Error(`neither a comment nor a sample: ${JSON.stringify(line)}`);
    const [, name, labelText, value] = sample;
    if (name !== current.name || !current.help || !current.type) throw new Error(`${name} without its HELP and TYPE before it`);
    if (current.type === 'counter' && !name!.endsWith('_total')) throw new Error(`${name} is a counter`);
    if (!/^(NaN|[+-]Inf|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(value!)) throw new Error(`${value} is no number`);
    const key = `${name}${labelText ?? ''}`;
    if (seen.has(key)) throw new Error(`${key} twice`);
    seen.add(key);
    samples.push({ name: name!, labels: labelText ? parseLabels(labelText) : {}, value: Number(value!.replace('Inf', 'Infinity')) });
  }
  return samples;
}
function parseLabels(text: string): { [name: string]: string } {
  const labels: { [name: string]: string } = {};
  let rest = text.slice(1, -1);
  while (rest) {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/.exec(rest);
    if (!pair) throw new Error(`labels ${text}`);
    labels[pair[1]!] = pair[2]!.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter));
    rest = rest.slice(pair[0].length);
  }
  return labels;
}

describe('metrics', () => {
  it('tell of nodes, checkpoints and the run', () => {
    const samples = parse(prometheusText(summary(), 1_090_000));
    const value = (name: string, labels: object = {}) =>
      samples.find((each) => each.name === name && Object.entries(labels).every(([key, text]) => each.labels[key] === text))?.value;
    expect(value('millrace_node_rows_total', { node: 'hot', direction: 'in' })).toBe(10);
    expect(value('millrace_node_rows_total', { node: 'hot', direction: 'out', port: 'rest' })).toBe(2);
    expect(value('millrace_node_late_rows_total', { node: 'hot' })).toBe(3);
    expect(value('millrace_node_busy_seconds_total')).toBe(1.5);
    expect(value('millrace_node_watermark_timestamp_seconds')).toBe(1000);
    expect(value('millrace_node_watermark_lag_seconds')).toBe(90);
    expect(value('millrace_node_backlog', { unit: 'rows' })).toBe(9);
    expect(value('millrace_node_lost_total', { unit: 'rows' })).toBe(5);
    expect(value('millrace_node_state_bytes')).toBe(400);
    expect(value('millrace_checkpoint_id')).toBe(12);
    expect(value('millrace_checkpoint_age_seconds')).toBe(30);
    expect(value('millrace_checkpoint_duration_seconds')).toBe(0.25);
    expect(value('millrace_run_restarts_total')).toBe(2);
    expect(samples.filter(({ name, value: on }) => name === 'millrace_run_state' && on === 1).map(({ labels }) => labels['state'])).toEqual(['running']);
  });

  it('leave out what there is none of', () => {
    const text = prometheusText(summary({ checkpoint: null, stats: { a: stats({ watermark: beginningOfTime }), b: stats({ watermark: endOfTime }) } }));
    expect(parse(text).map(({ name }) => name)).not.toContain('millrace_node_watermark_timestamp_seconds');
    expect(text).not.toContain('millrace_checkpoint');
    expect(text).not.toMatch(/backlog|lost/);
    parse(prometheusText(summary({ stats: {} })));
  });

  it('keep to the format whatever nodes and pipelines are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), (pipeline, ids) => {
        const samples = parse(prometheusText(summary({ pipeline, stats: Object.fromEntries(ids.map((id) => [`n${id}`, stats()])) })));
        expect(samples.find(({ name }) => name === 'millrace_run_info')?.labels['pipeline']).toBe(pipeline);
        const nodes = samples.filter(({ name }) => name === 'millrace_node_failed_rows_total').map(({ labels }) => labels['node']);
        expect(new Set(nodes)).toEqual(new Set(ids.map((id) => `n${id}`)));
      }),
    );
  });
});

describe('the port for metrics', () => {
  it('answers this machine only, under its own name', async () => {
    const served = await serveMetrics({ summary: summary() } as never, 0);
    const url = new URL(served.address);
    const ask = (path: string, host?: string): Promise<{ status: number; type: string; text: string }> =>
      new Promise((resolve, reject) => {
        get({ host: url.hostname, port: url.port, path, headers: host ? { Host: host } : {} }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part) => (text += part));
          response.on('end', () => resolve({ status: response.statusCode!, type: String(response.headers['content-type']), text }));
        }).on('error', reject);
      });
    try {
      const answer = await ask('/metrics');
      expect(answer).toMatchObject({ status: 200, type: metricsContentType });
      expect(parse(answer.text).length).toBeGreaterThan(10);
      expect((await ask('/')).status).toBe(404);
      expect((await ask('/metrics', 'evil.example')).status).toBe(421);
      await expect(serveMetrics({} as never, Number(url.port))).rejects.toThrow(/taken/);
    } finally {
      served.close();
    }
  });
});
