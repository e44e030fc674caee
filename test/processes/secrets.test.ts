/** Secrets through the command line, runs and their keepers, from the build: kept for their user alone, used, and found nowhere else. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { entryFile } from '../../engine/processes/entries.ts';
import { endRuns } from '../background-runs.ts';
import { millrace } from '../command-line.ts';
import { node, pipeline } from './run-trial.ts';

const secret = 'open "sesame"/+ü?';
const forms = [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1),
  Buffer.from(secret).toString('hex'),
];
let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-secret-'));
  data = join(folder, 'data');
  mkdirSync(data);
});
afterEach(async () => {
  await endRuns(data);
  rmSync(folder, { recursive: true, force: true });
});

const call = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => millrace(args, folder, { MILLRACE_DATA: data, ...env });
function setSecret(name: string, input: string) {
  return spawnSync(process.execPath, [entryFile('cli'), 'secrets', 'set', name], {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { ...process.env, MILLRACE_DATA: data },
  });
}

/** Files below a folder that hold the secret in any of its forms. */
function holding(path: string): string[] {
  if (statSync(path).isDirectory()) return readdirSync(path).flatMap((name) => holding(join(path, name)));
  if (!statSync(path).isFile()) return [];
  const bytes = readFileSync(path);
  return forms.some((form) => bytes.includes(Buffer.from(form)) || bytes.includes(Buffer.from(form, 'utf16le'))) ? [path] : [];
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function intake(token: string, typeVersion = 2): Promise<{ readonly file: string; readonly port: number }> {
  const port = await freePort();
  const source = { ...node('http-in', { port, token, columns: [{ column: 'a', type: 'string' }] }), typeVersion };
  const file = join(folder, 'in.millrace.json');
  writeFileSync(file, formatPipeline(pipeline({ source, out: node('jsonl-output', { path: 'out.jsonl' }) }, ['source -> out'])));
  return { file, port };
}

async function post(port: number, token: string): Promise<number> {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${Buffer.from(token).toString('latin1')}` };
  return (await fetch(`http://127.0.0.1:${port}/rows`, { method: 'POST', body: '{"a": "x"}', headers })).status;
}

describe('millrace secrets', () => {
  it('stores what it reads, lists where it is and removes it, and never prints it', async () => {
    expect(setSecret('warehouse_password', `${secret}\n`)).toMatchObject({ status: 0 });
    writeFileSync(
      join(folder, 'connections.millrace.json'),
      JSON.stringify({
        format: 'millrace/connections',
        formatVersion: 1,
        connections: { shop: { type: 'postgres', params: { password: '${secret:warehouse_password}' } } },
      }),
    );
    const listed = await call(['secrets'], { MILLRACE_SECRET_TOKEN: secret });
    expect(listed.output).toMatch(/token +in the environment \(MILLRACE_SECRET_TOKEN\)[\s\S]*warehouse_password +in a file that only you can read .*ago +shop/);
    const json = await call(['secrets', '--json']);
    expect(JSON.parse(json.output)).toMatchObject([{ name: 'warehouse_password', where: 'file', usedBy: ['shop'] }]);
    for (const text of [listed.output, json.output]) expect(forms.some((form) => text.includes(form))).toBe(false);
    if (process.platform !== 'win32') expect(statSync(join(data, 'secrets.json')).mode & 0o777).toBe(0o600);

    expect(await call(['secrets', 'remove', 'nobody'])).toMatchObject({ code: 2 });
    expect(await call(['secrets', 'remove', 'warehouse_password'])).toMatchObject({ code: 0 });
    expect((await call(['secrets'])).output).toContain('no secrets yet');
    expect(setSecret('Bad Name', secret)).toMatchObject({ status: 2 });
    expect(setSecret('empty', '\n')).toMatchObject({ status: 2 });
    const asArgument = await call(['secrets', 'set', 'a', secret]);
    expect(asArgument.code).toBe(2);
    expect(asArgument.errors).not.toContain(secret);
  });
});

describe('a run', () => {
  it('uses a secret that is nowhere in what it writes, shows and leaves behind', async () => {
    const plain = 'sesame-open-9f1c';
    forms.push(plain, Buffer.from(plain).toString('base64').slice(0, -2));
    setSecret('intake', plain);
    const { file, port } = await intake('${secret:intake}');
    const started = await call(['run', file, '--detach', '--json']);
    expect(started.code).toBe(0);
    const { id } = JSON.parse(started.output) as { readonly id: string };
    await expect.poll(() => post(port, 'wrong').catch(() => 0)).toBe(401);
    await expect.poll(() => post(port, plain).catch(() => 0)).toBe(200);
    const shown = await call(['runs', 'show', id, '--json']);
    const processes = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout ?? '';
    await call(['runs', 'stop', id]);
    const after = await call(['runs', 'show', id]);
    const again = spawn(process.execPath, [entryFile('cli'), 'run', file], { cwd: folder, env: { ...process.env, MILLRACE_DATA: data }, stdio: 'ignore' });
    await expect.poll(() => post(port, plain).catch(() => 0)).toBe(200);
    const ended = new Promise((done) => again.once('exit', done));
    again.kill('SIGINT');
    await ended;
    for (const text of [started, shown, after].flatMap(({ output, errors }) => [output, errors]).concat(processes)) expect(text).not.toContain(plain);
    expect(holding(folder)).toEqual([join(data, 'secrets.json')]);
  });

  it('is refused where a secret is missing or written into its file, without repeating it, and reads the variables of older pipelines', async () => {
    const { file } = await intake('${secret:nobody}');
    expect((await call(['run', file])).errors).toMatch(/secret "nobody"[\s\S]*millrace secrets set nobody/);
    const written = await intake(secret);
    const refused = await call(['run', written.file]);
    expect(refused.errors).toContain('must be the name of a secret');
    expect(refused.errors).not.toContain(secret);
    expect(await call(['validate', written.file, '--json'])).toMatchObject({ code: 2, output: expect.not.stringContaining('sesame') });

    const old = await intake('INTAKE_TOKEN', 1);
    expect((await call(['run', old.file])).errors).toContain('environment variable INTAKE_TOKEN');
    const inspected = await call(['inspect', old.file]);
    expect(inspected.output).toContain('the environment variable INTAKE_TOKEN');
    const child = spawn(process.execPath, [entryFile('cli'), 'run', old.file], {
      cwd: folder,
      env: { ...process.env, MILLRACE_DATA: data, INTAKE_TOKEN: 'as-before' },
      stdio: 'ignore',
    });
    await expect.poll(() => post(old.port, 'as-before').catch(() => 0)).toBe(200);
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGINT');
    await ended;
  });
});
