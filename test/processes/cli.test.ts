import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { entryFile } from '../../engine/processes/entries.ts';
import { nodeBinary } from '../../engine/processes/fork-node.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { endRuns } from '../background-runs.ts';
import { says } from '../command-line.ts';
import { readingSeconds } from './run-trial.ts';

const cli = entryFile('cli');
const project = join(dirname(cli), '..', '..');
let folder: string;
const at = (name: string) => join(folder, name);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const started = new Set<ChildProcess>();
function start(words: readonly string[], file = cli): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const env = { ...process.env, NO_COLOR: '1', MILLRACE_DATA: at('data') };
  const child = spawn(nodeBinary(), [file, ...words], { cwd: folder, env });
  started.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, stdout, stderr })));
  void ended.then(() => started.delete(child));
  return { child, ended };
}
const millrace = (...words: string[]): Promise<Ended> => start(words).ended;

const pipeline = (code: string, more: Partial<Pipeline['nodes'][string]> = {}): Pipeline => ({
  ...emptyPipeline,
  name: 'Hot days',
  parameters: { name: { type: 'text', default: 'hot' }, most: { type: 'number', default: 100 } },
  nodes: {
    days: { type: 'csv-file', typeVersion: 1, params: { path: 'days.csv' } },
    hot: { type: 'filter', typeVersion: 1, params: { mode: 'expression', where: 'row.temperature > 30' } },
    step: { type: 'code', typeVersion: 1, title: 'Look twice', params: { code }, ...more },
    out: { type: 'jsonl-output', typeVersion: 1, params: { path: '${name}.jsonl' } },
  },
  edges: [
    { from: { node: 'days', port: 'rows' }, to: { node: 'hot', port: 'rows' } },
    { from: { node: 'hot', port: 'kept' }, to: { node: 'step', port: 'rows' } },
    { from: { node: 'step', port: 'rows' }, to: { node: 'out', port: 'rows' } },
  ],
});
const twice = 'export default function step(row: Row) {\n  return { day: row.day, twice: row.temperature * 2 };\n}';
const picky = "export default function step(row: Row) {\n  if (row.day === 'wed') throw new Error('not on wednesdays');\n  return { day: row.day };\n}";
const save = (name: string, document: Pipeline) => writeFileSync(at(name), formatPipeline(document));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
});
beforeEach(() => {
  writeFileSync(at('days.csv'), 'day,temperature\nmon,20\ntue,31\nwed,35\n');
  save('good.millrace.json', pipeline(twice));
  save('picky.millrace.json', pipeline(picky));
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await endRuns(at('data'));
  for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('millrace run', () => {
  it('runs a pipeline and says what it wrote', async () => {
    const { code, stdout, stderr } = await millrace('run', 'good.millrace.json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Look twice +step +2 +2 +0 +0/);
    expect(stdout).toMatch(/Done in .*\n {2}2 rows -> .*hot\.jsonl\n/);
    expect(readFileSync(at('hot.jsonl'), 'utf8')).toBe('{"day":"tue","twice":62}\n{"day":"wed","twice":70}\n');
  });

  it('takes parameters, and prints JSON', async () => {
    const { code, stdout } = await millrace('run', 'good.millrace.json', '--set', 'name=a=b', '-s', 'most=3', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'done', outputs: [{ node: 'out', rows: 2, committed: true, path: at('a=b.jsonl') }] });
  });

  it('refuses what cannot run, before anything is written', async () => {
    save('cycle.millrace.json', { ...pipeline(twice), edges: [{ from: { node: 'step', port: 'rows' }, to: { node: 'step', port: 'rows' } }] });
    writeFileSync(at('empty.millrace.json'), '');
    writeFileSync(at('new.millrace.json'), '{"format":"millrace/pipeline","formatVersion":999}');
    writeFileSync(at('cut.millrace.json'), formatPipeline(pipeline(twice)).slice(0, 200));
    const cases: [string[], RegExp][] = [
      [['nope.millrace.json'], /There is no .*nope/],
      [['.'], /is a folder/],
      [['empty.millrace.json'], /The file is empty/],
      [['new.millrace.json'], /format version 999/],
      [['cut.millrace.json'], /cut\.millrace\.json:\d+:\d+: The file ends too early/],
      [['cycle.millrace.json'], /Look twice/],
      [['good.millrace.json', '--set', 'most=many'], /"most" must be a number/],
      [['good.millrace.json', '--set', 'nane=x'], /no parameter "nane".*"name"/],
      [['good.millrace.json', '--set', 'name'], /name=value/],
    ];
    const all = await Promise.all(cases.map(([words]) => millrace('run', ...words)));
    all.forEach(({ code, stderr }, index) => {
      expect(stderr).toMatch(cases[index]![1]);
      expect(code).toBe(2);
    });
    expect(existsSync(at('hot.jsonl'))).toBe(false);
    expect(JSON.parse((await millrace('run', 'nope', '--json')).stdout)).toMatchObject({ state: 'refused', problems: [{ code: 'file/missing' }] });
  });

  it('fails with node, field, line and row, and leaves the output as it was', async () => {
    writeFileSync(at('hot.jsonl'), 'as it was\n');
    const { code, stdout, stderr } = await millrace('run', 'picky.millrace.json');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /picky\.millrace\.json: node step "Look twice" \(code 2:\d+\): not on wednesdays\.\n {2}at days\.csv:4\n {2}row: {"day":"wed","temperature":35}/,
    );
    expect(stdout).toMatch(/not written: .*hot\.jsonl is as it was before/);
    expect(readFileSync(at('hot.jsonl'), 'utf8')).toBe('as it was\n');
  });

  it.skipIf(process.platform === 'win32')('writes no file that it reads, by whatever link', async () => {
    symlinkSync(at('days.csv'), at('hot.jsonl'));
    const { code, stderr } = await millrace('run', 'good.millrace.json');
    expect(stderr).toMatch(/node out "[^"]*" \(path\): "out" writes hot\.jsonl, which "days" reads in the same run/);
    expect(code).toBe(1);
    expect(readFileSync(at('days.csv'), 'utf8')).toMatch(/^day,temperature\nmon,20\n/);
  });

  it('explains a plan without running it', async () => {
    const { code, stdout } = await millrace('run', 'good.millrace.json', '--explain');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Sources, in reading order\n {2}1\. days\n/m);
    expect(stdout).toMatch(/^Steps\n(.*\n)*? {2}hot: filter by .*\n(.*\n)*? {6}runs: here, elsewhere$/m);
    expect(stdout).toMatch(/^Rows\n {2}days\n/m);
    expect(existsSync(at('hot.jsonl'))).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('stops cleanly at Ctrl+C', async () => {
    const endless: Pipeline = {
      ...emptyPipeline,
      nodes: {
        readings: { type: 'generator', typeVersion: 1, params: { count: 1_000_000_000, rate: 1000 } },
        out: { type: 'jsonl-output', typeVersion: 1, params: { path: 'out.jsonl' } },
      },
      edges: [{ from: { node: 'readings', port: 'rows' }, to: { node: 'out', port: 'rows' } }],
    };
    save('endless.millrace.json', endless);
    const { child, ended } = start(['run', 'endless.millrace.json']);
    await expect.poll(() => readdirSync(folder).some((name) => name.includes('out.jsonl'))).toBe(true);
    child.kill('SIGINT');
    const askedAt = Date.now();
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(Date.now() - askedAt).toBeLessThan(60_000);
    expect(stderr).toContain('Stopping');
    expect(stdout).toMatch(/Stopped in/);
    expect(readdirSync(folder).filter((name) => name.includes('out.jsonl'))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('ends at Ctrl+C within a query whose next row never comes, and leaves no process behind', async () => {
    new Database(at('numbers.db')).exec('create table t (i)').close();
    const sql = 'with recursive n(i) as (select 1 union all select i + 1 from n) select i from n where i < 5000';
    save('query.millrace.json', {
      ...emptyPipeline,
      nodes: {
        query: { type: 'sqlite-query', typeVersion: 1, params: { path: 'numbers.db', read: 'query', sql } },
        out: { type: 'jsonl-output', typeVersion: 1, params: { path: 'numbers.jsonl' } },
      },
      edges: [{ from: { node: 'query', port: 'rows' }, to: { node: 'out', port: 'rows' } }],
    });
    const { child, ended } = start(['run', 'query.millrace.json']);
    await expect.poll(() => readdirSync(folder).some((name) => name.includes('numbers.jsonl'))).toBe(true);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect([code, stdout]).toEqual([130, expect.stringContaining('Stopped in')]);
    expect(readdirSync(folder).filter((name) => name.includes('numbers.jsonl'))).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('a run that commits with checkpoints', () => {
  const stream: Pipeline = {
    ...emptyPipeline,
    name: 'Stream',
    nodes: {
      readings: { type: 'generator', typeVersion: 1, params: { endless: true, rate: 1000 } },
      out: { type: 'sqlite-table', typeVersion: 1, params: { path: 'out.db', table: 'readings' } },
    },
    edges: [{ from: { node: 'readings', port: 'rows' }, to: { node: 'out', port: 'rows' } }],
  };
  const command = ['run', 'stream.millrace.json', '--checkpoint-every', '100ms'];
  const runs = async () => JSON.parse((await millrace('runs', '--json')).stdout) as RunSummary[];
  const checkpoints = async (id?: string) => (await runs()).find((run) => (id ? run.id === id : run.endedAt === null))?.checkpoint?.id ?? 0;
  const isFree = (id: string) => expect.poll(() => existsSync(at(`data/runs/${id}`))).toBe(false);
  beforeEach(() => save('stream.millrace.json', stream));

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is stopped by %s with a checkpoint (exit code %i), and goes on from it', async (signal, exitCode) => {
    const { child, ended } = start(command);
    await expect.poll(() => checkpoints()).toBeGreaterThan(0);
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(exitCode);
    expect(stderr).toContain('Stopping with a checkpoint');
    const last = /Stopped in .*; the next run resumes from checkpoint (\d+)\./.exec(stdout)![1]!;
    const first = readingSeconds(at('out.db')).length;
    const again = start(command);
    await expect.poll(() => checkpoints()).toBeGreaterThan(Number(last));
    again.child.kill('SIGINT');
    const { stderr: words } = await again.ended;
    expect(words).toMatch(/It resumes from its checkpoint of \d+ s ago; --from scratch starts over/);
    expect(words).toContain(`Resuming from checkpoint ${last} of `);
    const seconds = readingSeconds(at('out.db'));
    expect(seconds.length).toBeGreaterThan(first);
    expect(seconds).toEqual(seconds.map((_, index) => index));
  });

  it('goes on in the background, and is found, shown, attached to, paused and stopped by name', async () => {
    const { code, stdout } = await millrace(...command, '--detach', '--json');
    expect(code).toBe(0);
    const { id } = JSON.parse(stdout) as { id: string };
    await expect.poll(() => checkpoints(id)).toBeGreaterThan(0);
    expect((await millrace('runs')).stdout).toMatch(new RegExp(`${id.slice(0, 8)} +Stream +running`));
    expect(await millrace('runs', 'pause', id.slice(0, 6))).toMatchObject({ code: 0, stdout: expect.stringContaining('paused') });
    expect((await runs())[0]!.state).toBe('paused');
    expect((await millrace('runs', 'resume', 'Stream')).code).toBe(0);
    expect((await millrace('runs', 'checkpoint', 'stream.millrace.json')).stdout).toMatch(/^Stream: checkpoint \d+ is made\.\n$/);
    const attached = start(['runs', 'attach', 'Stream']);
    await new Promise((resolve) => attached.child.stderr!.once('data', resolve));
    attached.child.kill('SIGINT');
    expect(await attached.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('The run continues') });
    const watching = start(['runs', 'attach', id.slice(0, 8)]);
    await new Promise((resolve) => watching.child.stderr!.once('data', resolve));
    const stopped = await millrace('runs', 'stop', 'Stream');
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Stream: Stopped in .*resumes from checkpoint \d+\.\n$/) });
    expect((await watching.ended).code).toBe(130);
    await isFree(id);
    expect((await millrace('runs', 'show', id)).stdout).toMatch(/readings[\s\S]*out[\s\S]*Stopped[\s\S]*running[\s\S]*stopped/);
    expect(await millrace('runs', 'stop', 'Stream')).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no run "Stream"') });
  });

  it('serves its metrics to this machine', async () => {
    const { child, ended } = start([...command, '--metrics', '0']);
    const address = await new Promise<string>((found) => {
      child.stderr!.on('data', (text: Buffer) => {
        const match = /Metrics are at (\S+)/.exec(text.toString());
        if (match) found(match[1]!);
      });
    });
    await expect.poll(async () => (await fetch(address)).text()).toMatch(/\nmillrace_checkpoint_id [1-9]/);
    const text = await (await fetch(address)).text();
    expect(text).toMatch(/\nmillrace_node_rows_total\{node="out",direction="in",port=""\} [1-9]/);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it('cannot commit at an end that never comes, and takes only what makes sense', async () => {
    const all = await Promise.all([
      millrace('run', 'stream.millrace.json', '--commit', 'end'),
      millrace('run', 'stream.millrace.json', '--from', 'yesterday'),
      millrace('run', 'stream.millrace.json', '--checkpoint-every', '1ms'),
      millrace('run', 'stream.millrace.json', '--from', '77'),
    ]);
    expect(all.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(all[0].stderr).toContain('never ends');
    expect(all[3].stderr).toContain('checkpoint 77');
  });

  it('keeps state within the memory that it is given, and says how much was on disk', async () => {
    writeFileSync(at('keys.csv'), `key\n${Array.from({ length: 20_000 }, (_, i) => `key ${i}\n`).join('')}`);
    save('keys.millrace.json', {
      ...emptyPipeline,
      name: 'Keys',
      nodes: {
        keys: { type: 'csv-file', typeVersion: 1, params: { path: 'keys.csv' } },
        counts: { type: 'aggregate', typeVersion: 1, params: { groupBy: ['key'], aggregations: [{ function: 'count', name: 'rows' }] } },
        out: { type: 'jsonl-output', typeVersion: 1, params: { path: 'keys.jsonl' } },
      },
      edges: [
        { from: { node: 'keys', port: 'rows' }, to: { node: 'counts', port: 'rows' } },
        { from: { node: 'counts', port: 'rows' }, to: { node: 'out', port: 'rows' } },
      ],
    });
    const { code, stdout } = await millrace('run', 'keys.millrace.json', '--state-memory', '500kB');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\n {2}state: at most .* of 512\.0 kB in memory, .*B on disk\n/)]);
    expect(stdout).toContain('20,000 rows -> ');
    const senseless = await millrace('run', 'keys.millrace.json', '--state-memory', 'plenty');
    expect([senseless.code, senseless.stderr]).toEqual([2, expect.stringContaining('It must be an amount of memory, such as 512MB, 2GB or 25%.')]);
    const tooMuch = await millrace('run', 'keys.millrace.json', '--state-memory', '100000GB');
    expect([tooMuch.code, tooMuch.stderr]).toEqual([2, expect.stringMatching(/The memory for state is set to 102400000 MB, but a run may take \d+ MB in all/)]);
  });
});

describe('millrace validate', () => {
  it('says that a pipeline is valid, or what is wrong with the types of its code', async () => {
    expect(await millrace('validate', 'good.millrace.json')).toMatchObject({ code: 0, stdout: 'good.millrace.json is valid: 4 nodes, 3 edges.\n' });
    save('typo.millrace.json', pipeline(twice.replace('temperature', 'toString().nope')));
    const { code, stderr } = await millrace('validate', 'typo.millrace.json', '--look');
    expect(code).toBe(2);
    expect(stderr).toMatch(/typo\.millrace\.json: node step "Look twice" \(code 2:\d+\): Property 'nope' does not exist/);
    expect(JSON.parse((await millrace('validate', 'good.millrace.json', '--json')).stdout)).toMatchObject({
      valid: true,
      reads: ['days.csv'],
      writes: ['hot.jsonl'],
    });
  });

  it('reads all rows with --rows, and prints those that do not fit', async () => {
    expect(await millrace('validate', 'good.millrace.json', '--rows')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^good\.millrace\.json is valid: .*\nCSV file: all 3 rows fit \(read in [\d.]+ m?s\)\.\n$/),
    });
    const days = 'mon,20\n'.repeat(20_000);
    writeFileSync(at('long.csv'), `day,temperature\n${days}tue,hot\nwed,21,5\nthu,cold\n${days.repeat(3)}`);
    const document = pipeline(twice);
    save('long.millrace.json', { ...document, nodes: { ...document.nodes, days: { type: 'csv-file', typeVersion: 1, params: { path: 'long.csv' } } } });
    const { code, stdout } = await millrace('validate', 'long.millrace.json', '--rows');
    expect(code).toBe(1);
    expect(stdout).toContain('CSV file: 3 of 80,003 rows do not fit');
    expect(stdout).toContain('Column "temperature" (integer): 2 cells do not fit. Read column "temperature" as text, and they fit.');
    expect(stdout).toMatch(/long\.csv, line 20,002: .*hot/);
    const { rows } = JSON.parse((await millrace('validate', 'long.millrace.json', '--rows', '--json')).stdout);
    expect(rows).toMatchObject({ notRead: [], sources: { days: { rows: 80_000, failed: 3, columns: [{ name: 'temperature', cells: 2 }] } } });
  });
});

describe('millrace preview', () => {
  it('shows the rows at a node', async () => {
    expect(await millrace('preview', 'good.millrace.json', '--node', 'step')).toMatchObject({ code: 0, stdout: 'day\ttwice\ntue\t62\nwed\t70\n', stderr: '' });
    writeFileSync(at('days.csv'), 'day,temperature\nm\x1b[31mn,31\n');
    expect((await millrace('preview', 'good.millrace.json', '--node', 'step')).stdout).toBe('day\ttwice\nm\x1b[31mn\t62\n');
    writeFileSync(at('days.csv'), 'day,temperature\nmon,20\ntue,31\nwed,35\n');
    const { stdout } = await millrace('preview', 'good.millrace.json', '-n', 'hot', '-p', 'rest', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ day: 'mon', temperature: 20 }], total: 1, complete: true });
    expect(existsSync(at('hot.jsonl'))).toBe(false);
  });

  it('tells of rows that fail beside those that do not', async () => {
    const { code, stdout, stderr } = await millrace('preview', 'picky.millrace.json', '--node', 'step');
    expect([code, stdout]).toEqual([0, 'day\ntue\n']);
    expect(stderr).toMatch(/node step "Look twice" \(code 2:\d+\): not on wednesdays/);
  });

  it('says which node or port there is none of', async () => {
    const node = await millrace('preview', 'good.millrace.json', '--node', 'nope');
    expect([node.code, node.stderr]).toEqual([2, expect.stringContaining('days, hot, out, step')]);
    const port = await millrace('preview', 'good.millrace.json', '--node', 'hot', '--port', 'nope');
    expect([port.code, port.stderr]).toEqual([2, expect.stringContaining('kept, rest')]);
  });
});

describe('the rest', () => {
  it('lists and describes nodes', async () => {
    expect((await millrace('nodes')).stdout).toMatch(/filter +transform +Keeps/);
    expect((await millrace('nodes', 'filter')).stdout).toMatch(/outputs: kept, rest/);
    expect(JSON.parse((await millrace('nodes', 'filter', '--json')).stdout)).toMatchObject({ type: 'filter', kind: 'transform' });
    expect(await millrace('nodes', 'fliter')).toMatchObject({ code: 2, stderr: expect.stringContaining('"filter"') });
  });

  it('has help with examples for every command, and a version', async () => {
    const help = await millrace('--help');
    expect(help.code).toBe(0);
    const commands = ['run', 'runs', 'validate', 'preview', 'nodes', 'new-node', 'serve'];
    for (const command of commands) expect(help.stdout).toContain(`  ${command} `);
    const all = await Promise.all(commands.map((command) => millrace(command, '--help')));
    expect(all.map(({ code, stdout }) => [code, stdout.includes('\nExamples:\n')])).toEqual(commands.map(() => [0, true]));
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
    expect((await millrace('--version')).stdout).toBe(`${version}\n`);
  });

  it('answers wrong words with exit code 2', async () => {
    const all = await Promise.all([millrace('rnu'), millrace('run'), millrace('run', 'a', '--jsn'), millrace('preview', 'good.millrace.json'), millrace()]);
    expect(all.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(all[0]!.stderr).toContain('Did you mean run?');
    expect((await millrace('run', '--set', 'a\u202eb\u001b[2J', 'x')).stderr).toContain('a⟨U+202E⟩b⟨U+001B⟩[2J');
  });

  it('says at once that there is no such run', async () => {
    const none = (name: string) => ({ code: 2, stderr: `millrace: There is no run "${name}".\n  "millrace runs" lists them.\n` });
    const names = [
      ['show', 'Nothing'],
      ['show', 'no.millrace.json'],
      ['show', '0123abcd'],
      ['stop', '0123abcd'],
      ['attach', '0123abcd'],
    ] as const;
    const said = await Promise.all(names.map(([command, name]) => millrace('runs', command, name)));
    expect(said).toMatchObject(names.map(([, name]) => none(name)));
  });

  it('starts a node from its template, once', async () => {
    const contracts = 'test/conformance/contracts';
    for (const folder of ['nodes', contracts]) {
      const templates = readdirSync(join(project, folder)).filter((entry) => entry.startsWith('_'));
      for (const name of templates) cpSync(join(project, folder, name), at(`${folder}/${name}`), { recursive: true });
    }
    cpSync(dirname(cli), at('out/main'), { recursive: true });
    symlinkSync(join(project, 'node_modules'), at('node_modules'), 'junction');
    const copy = at('out/main/cli.cjs');
    for (const kind of ['source', 'transform', 'sink']) {
      expect((await start(['new-node', kind, `moving-${kind}`, '--family', `${kind}s`], copy).ended).code).toBe(0);
      const text = readFileSync(at(`nodes/${kind}s/moving-${kind}.ts`), 'utf8');
      expect(text).toContain(`type: 'moving-${kind}'`);
      expect(text).toContain(`kind: '${kind}'`);
      expect(text).toContain("from '@millrace/kit/node'");
      expect(existsSync(at(`${contracts}/moving-${kind}.ts`))).toBe(kind !== 'transform');
    }
    expect(await start(['new-node', 'sink', 'moving-sink', '--family', 'sinks'], copy).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists already'),
    });
    // A name is a type, of whatever kind.
    expect((await start(['new-node', 'source', 'moving-sink', '--family', 'sources'], copy).ended).code).toBe(2);
    expect((await start(['new-node', 'sink', 'Moving Average'], copy).ended).code).toBe(2);
    expect((await start(['new-node', 'thing', 'x'], copy).ended).code).toBe(2);
  });

  it('serves nothing where the file to open is not there', async () => {
    expect(await millrace('serve', '--open', 'nope.millrace.json')).toMatchObject({ code: 2, stderr: expect.stringContaining('nope') });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('serves the editor until it is ended (%s)', async (signal) => {
    const { child, ended } = start(['serve', '--open', 'good.millrace.json']);
    const [address] = await says(child, /http:\/\/\S+(?=\s)/);
    expect((await fetch(address)).status).toBe(200);
    child.kill(signal);
    await ended;
    // The server notices the end of the one that started it a moment later.
    await expect
      .poll(() =>
        fetch(address).then(
          () => 'there',
          () => 'gone',
        ),
      )
      .toBe('gone');
  });
});
