import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { entryFile } from '../../engine/processes/entries.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-pipe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Rows from standard input, those over 10 to standard output. */
function pipeline(params: { readonly ends: boolean; readonly [param: string]: unknown }): void {
  file = join(folder, 'pipe.millrace.json');
  const node = (type: string, given: object) => ({ type, typeVersion: 1, params: given as never });
  const nodes = {
    rows: node('stdin', { columns: [{ column: 'n', type: 'integer' }], ...params }),
    large: node('filter', { mode: 'expression', where: 'row.n > 10' }),
    print: node('stdout', {}),
  };
  const edges = [
    { from: { node: 'rows', port: 'rows' }, to: { node: 'large', port: 'rows' } },
    { from: { node: 'large', port: 'kept' }, to: { node: 'print', port: 'rows' } },
  ];
  writeFileSync(file, formatPipeline({ name: 'Pipe', parameters: {}, nodes, edges, layout: {} }));
}

function run() {
  const child = spawn(process.execPath, [entryFile('cli'), 'run', file], {
    env: { ...process.env, MILLRACE_DATA: join(folder, 'data') },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { out: '', words: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.words += text;
  });
  return { child, said, ended: new Promise<number | null>((resolve) => child.once('close', resolve)) };
}

it('is one of several programs in a pipe: rows in, rows out, and its own words beside them', async () => {
  pipeline({ ends: true });
  const { child, said, ended } = run();
  child.stdin.end('{"n":5}\n{"n":11}\n{"n":12}');
  expect(await ended, said.words).toBe(0);
  expect(said.out).toBe('{"n":11}\n{"n":12}\n');
  expect(said.words).toMatch(/2 rows -> standard output/);
});

it('reads CSV by the delimiter that is set, and says of another one that it may be that', async () => {
  const columns = [
    { column: 'n', type: 'number', numbers: 'marked', decimal: 'comma' },
    { column: 'name', type: 'string' },
  ];
  for (const [delimiter, code] of [
    ['semicolon', 0],
    ['comma', 1],
  ] as const) {
    pipeline({ ends: true, format: 'csv', header: true, delimiter, columns });
    const { child, said, ended } = run();
    child.stdin.end('n;name\n12,5;Ada\n');
    expect(await ended, said.words).toBe(code);
    if (code === 0) expect(said.out).toBe('{"n":12.5,"name":"Ada"}\n');
    else expect(said.words).toContain('It may have another delimiter than the one that is set.');
  }
});

it('hands rows on as they come, of a program that never ends, until it is stopped', async () => {
  pipeline({ ends: false });
  const { child, said, ended } = run();
  for (const n of [20, 30]) {
    child.stdin.write(`{"n":${n}}\n`);
    await expect.poll(() => said.out).toContain(`{"n":${n}}`);
  }
  child.kill('SIGINT');
  expect(await ended, said.words).toBe(130);
  expect(said.out).toBe('{"n":20}\n{"n":30}\n');
});

it('ends when nobody reads any more, and says so', async () => {
  pipeline({ ends: false });
  const { child, said, ended } = run();
  child.stdin.on('error', () => {});
  child.stdin.write('{"n":20}\n');
  await expect.poll(() => said.out).not.toBe('');
  child.stdout.destroy();
  const writing = setInterval(() => child.stdin.write('{"n":20}\n'), 50);
  expect(await ended, said.words).not.toBe(0);
  clearInterval(writing);
  expect(said.words).toMatch(/No program reads standard output any more/);
});
