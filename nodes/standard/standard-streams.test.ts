import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shownBytes } from '../../io/text/terminal-text.ts';
import type { Schema } from '../../model/values/types.ts';
import { csvWriter } from '../formats/csv/csv-write.ts';
import { jsonlWriter } from '../formats/json/jsonl-write.ts';
import { TextLinesParser } from '../formats/text/text-lines.ts';
import { StandardInput } from './runtime/standard-input.ts';
import { StandardOutput } from './runtime/standard-output.ts';

const hasPseudoTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
const { signal } = new AbortController();
let folder: string;
let pipe: { readonly path: string; reader: number; writer: number };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-streams-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const both = openSync(path, 'r+');
  pipe = { path, reader: both, writer: openSync(path, 'w') };
});
afterEach(() => {
  closeSync(pipe.reader);
  if (pipe.writer >= 0) closeSync(pipe.writer);
  rmSync(folder, { recursive: true, force: true });
});

const input = (descriptor: number, options: { line?: number; signal?: AbortSignal } = {}) =>
  new StandardInput(new TextLinesParser(null, 1024, () => {}), {
    batchSize: 10,
    line: options.line ?? 1,
    signal: options.signal ?? new AbortController().signal,
    descriptor,
  });

test('gives lines as they come, and the last one without its end', async () => {
  const only = openSync(pipe.path, 'r');
  closeSync(pipe.reader);
  pipe.reader = only;
  const reader = input(only);
  writeSync(pipe.writer, 'one\ntw');
  expect((await reader.read())!.rows).toEqual([{ line: 'one' }]);
  const next = reader.read();
  writeSync(pipe.writer, 'o\nthree\nfour');
  const batch = (await next)!;
  expect(batch.rows).toEqual([{ line: 'two' }, { line: 'three' }]);
  expect(batch.locate!(1)).toEqual({ source: 'standard input', line: 3 });
  expect(reader.position()).toEqual({ line: 4 });
  closeSync(pipe.writer);
  pipe.writer = -1;
  expect((await reader.read())!.rows).toEqual([{ line: 'four' }]);
  expect(await reader.read()).toBeNull();
});

test('stops while it waits', async () => {
  const stop = new AbortController();
  const reader = input(pipe.reader, { signal: stop.signal });
  const waiting = reader.read();
  stop.abort();
  expect(await waiting).toBeNull();
  // Frees the thread that still waits for bytes.
  writeSync(pipe.writer, '\n');
});

test('prints rows at once', async () => {
  const file = join(folder, 'out');
  const descriptor = openSync(file, 'w');
  const writer = new StandardOutput(jsonlWriter({ columns: [{ name: 'id', type: 'integer', nullable: false }] }), '', { signal, descriptor });
  await writer.write([{ id: 1 }, { id: 2 }]);
  expect(readFileSync(file, 'utf8')).toBe('{"id":1}\n{"id":2}\n');
  closeSync(descriptor);
});

test('lets no row steer a terminal, and leaves the bytes of a pipe alone', async () => {
  const schema: Schema = { columns: [{ name: 'text', type: 'string', nullable: false }] };
  const rows = [{ text: 'red\u001b[31m\u0007\u009b1m é🦉' }];
  const written = async (filter: typeof shownBytes | null, name: string) => {
    const descriptor = openSync(join(folder, name), 'w');
    await new StandardOutput(csvWriter(schema, { delimiter: ',' }), 'text\n', { signal, descriptor, filter }).write(rows);
    closeSync(descriptor);
    return readFileSync(join(folder, name), 'utf8');
  };
  expect(await written(null, 'pipe.csv')).toContain('red\u001b[31m\u0007\u009b1m é🦉\n');
  expect(await written(shownBytes, 'terminal.csv')).toContain('red⟨U+001B⟩[31m⟨U+0007⟩⟨U+009B⟩1m é🦉\n');
});

test.skipIf(!hasPseudoTerminal)('knows a terminal', () => {
  const code = `import { terminalFilter } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'io', 'text', 'terminal-text.ts'))}; process.stdout.write(String(terminalFilter(1) !== null));`;
  const script = join(folder, 'is-terminal.ts');
  writeFileSync(script, code);
  const command = `${process.execPath} --disable-warning=ExperimentalWarning ${script}`;
  expect(execFileSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()).toBe('true');
  expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim()).toBe('false');
});

test('ends when it is cancelled while nobody reads', async () => {
  const stop = new AbortController();
  const descriptor = openSync(pipe.path, constants.O_WRONLY | constants.O_NONBLOCK);
  const writer = new StandardOutput(jsonlWriter({ columns: [{ name: 'text', type: 'string', nullable: false }] }), '', { signal: stop.signal, descriptor });
  const written = writer.write([{ text: 'x'.repeat(1_000_000) }]);
  stop.abort();
  await written;
  closeSync(descriptor);
});

test('says that nobody reads any more', async () => {
  const writer = new StandardOutput(jsonlWriter({ columns: [{ name: 'id', type: 'integer', nullable: false }] }), '', { signal, descriptor: pipe.writer });
  closeSync(pipe.reader);
  pipe.reader = openSync('/dev/null', 'r');
  await expect(writer.write([{ id: 1 }])).rejects.toThrow('No program reads standard output any more');
});
