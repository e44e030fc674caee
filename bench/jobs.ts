import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPipeline } from '../engine/document/file.ts';
import type { Edge, Pipeline, PipelineNode } from '../engine/document/pipeline.ts';
import { dataFolder, readings } from './data.ts';

export interface Job {
  readonly id: string;
  readonly title: string;
  /** The hand-written counterparts in bench/hand; ratios are told against each. */
  readonly hand: readonly string[];
  readonly input: 'csv' | 'jsonl';
  readonly output: string;
  /** What we promise: at most so many times the (last) hand-written time. */
  readonly maxRatio: number;
  /** Runs of a large file are read in parts by several threads, of which each takes memory. */
  readonly inParts?: boolean;
  /** Further params of the source. */
  readonly source?: PipelineNode['params'];
  /** Nodes in a row, between the source and the sink. */
  readonly steps: readonly PipelineNode[];
}

const node = (type: string, params: PipelineNode['params']): PipelineNode => ({ type, typeVersion: 1, params });

export const jobs: readonly Job[] = [
  {
    id: 'J1',
    title: 'CSV -> SQLite, typed',
    hand: ['j1'],
    maxRatio: 1.15,
    inParts: true,
    input: 'csv',
    output: 'j1.db',
    steps: [],
  },
  {
    id: 'J2',
    title: 'CSV -> filter -> row function -> SQLite',
    hand: ['j2'],
    maxRatio: 1.15,
    inParts: true,
    input: 'csv',
    output: 'j2.db',
    steps: [
      node('filter', { mode: 'expression', where: 'row.status !== "error" && row.temperature !== null && row.temperature > 10' }),
      node('code', {
        code: `export default function step(row: Row) {
  const fahrenheit = row.temperature * 1.8 + 32;
  const dew_point = row.temperature - (100 - row.humidity) / 5;
  return { ...row, fahrenheit, dew_point, level: row.temperature > 28 ? "hot" : row.temperature > 18 ? "warm" : "mild" };
}
`,
      }),
    ],
  },
  {
    id: 'J3',
    title: 'CSV -> filter -> 1-minute window per sensor -> SQLite',
    hand: ['j3'],
    maxRatio: 1.3,
    input: 'csv',
    output: 'j3.db',
    source: { eventTime: 'column', timeColumn: 'time' },
    steps: [
      node('filter', { mode: 'expression', where: 'row.status !== "error"' }),
      node('aggregate', {
        groupBy: ['id'],
        window: 'tumbling',
        every: 60_000,
        aggregations: [
          { function: 'count', name: 'readings' },
          { function: 'average', column: 'temperature', name: 'temperature' },
        ],
      }),
    ],
  },
  {
    id: 'J4',
    title: 'JSON Lines -> filter -> JSON Lines',
    hand: ['j4', 'j4-through'],
    maxRatio: 1.2,
    input: 'jsonl',
    output: 'j4.jsonl',
    steps: [node('filter', { mode: 'expression', where: 'row.temperature !== null && row.temperature > 20' })],
  },
];

/** Writes the job's pipeline and returns its file. */
export function pipelineFile(job: Job, rows: number): string {
  const source = node(job.input === 'csv' ? 'csv-file' : 'jsonl-file', { path: readings(rows)[job.input], ...job.source });
  const sink = job.output.endsWith('.db') ? node('sqlite-table', { path: job.output, table: 'readings' }) : node('jsonl-output', { path: job.output });
  const nodes: Record<string, PipelineNode> = { source };
  const edges: Edge[] = [];
  let from = { node: 'source', port: 'rows' };
  job.steps.forEach((step, i) => {
    const id = `step_${i + 1}`;
    nodes[id] = step;
    edges.push({ from, to: { node: id, port: 'rows' } });
    from = { node: id, port: step.type === 'filter' ? 'kept' : 'rows' };
  });
  nodes['sink'] = sink;
  edges.push({ from, to: { node: 'sink', port: 'rows' } });
  const layout = Object.fromEntries(Object.keys(nodes).map((id, i) => [id, { x: i * 300, y: 0 }]));
  const pipeline: Pipeline = { name: `${job.id}: ${job.title}`, parameters: {}, nodes, edges, layout };
  const file = join(dataFolder, `${job.id.toLowerCase()}-${rows}.millrace.json`);
  writeFileSync(file, formatPipeline(pipeline));
  return file;
}
