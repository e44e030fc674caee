/** Rows that arrive from outside: by POST, in files that grow, from sources that are read again and again. */
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort, type Nodes, StreamTrial } from './stream-trial.ts';

const isRoot = process.getuid?.() === 0;
const seed = Number(process.env['MILLRACE_SEED'] || Date.now() % 1_000_000);

let trial: StreamTrial;
beforeEach(() => {
  trial = new StreamTrial();
});
afterEach(() => trial.close());

const out: Nodes[string] = ['jsonl-output', { path: 'out.jsonl' }];
const ids = () => trial.json('out.jsonl').map(({ id }) => id as number);

describe('POSTs', () => {
  let port: number;
  const agents: Agent[] = [];
  beforeEach(async () => {
    port = await freePort();
    const columns = [
      { column: 'id', type: 'integer' },
      { column: 'name', type: 'string' },
    ];
    trial.pipeline({ post: ['http-in', { port, columns, capacity: 200, maxBody: 1 }], out }, ['post -> out']);
  });
  afterEach(() => {
    for (const agent of agents.splice(0)) agent.destroy();
  });

  interface Answer {
    readonly status: number;
    readonly body: {
      readonly accepted?: number;
      readonly error?: { readonly code: string; readonly message: string; readonly hint: string; readonly rows?: unknown[] };
    };
  }
  /** Rejects where the connection is lost before an answer. */
  function post(body: string, type = 'application/json', headers: Record<string, string | number> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        { port, host: '127.0.0.1', path: '/rows', method: 'POST', agent: false, headers: { 'Content-Type': type, ...headers } },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text) }));
          answer.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }
  const row = (id: number) => ({ id, name: `n${id}` });
  const opened = async () => {
    const run = trial.start();
    await run.says(/Takes rows at/);
    return run;
  };

  test('that cannot be taken are answered with what is wrong, counted, and end nothing', async () => {
    const run = await opened();
    const cases = [
      { body: '{"id": 1,', status: 400, message: /JSON/ },
      { body: '[1, 2]', status: 422, message: /object|row/ },
      { body: '{"id": "one", "name": "a"}', status: 422, message: /./ },
      { body: JSON.stringify([row(1), { id: 1.5, name: 'a' }]), status: 422, message: /./ },
      { body: '{"id": 1}', type: 'image/png', status: 415, message: /"image\/png"/ },
    ];
    for (const { body, status, message, type } of cases) {
      const answer = await post(body, type);
      expect([body, answer.status]).toEqual([body, status]);
      expect(answer.body.error!.message).toMatch(message);
      expect(answer.body.error!.hint).toMatch(/\S+ \S+/);
    }
    expect((await post(JSON.stringify([row(2), row(3)]))).body).toEqual({ accepted: 2 });
    await run.until(() => trial.lines('out.jsonl').length === 2);
    const { state, stats, problems } = await run.stop();
    expect([state, ids()]).toEqual(['stopped', [2, 3]]);
    expect(stats['post']).toMatchObject({ failed: cases.length, out: { rows: 2 } });
    expect(problems.map(({ node }) => node)).toEqual(Array(cases.length).fill('post'));
  });

  test('of a gigabyte are turned away without being read', async () => {
    const run = await opened();
    const told = await post('[', 'application/json', { 'Content-Length': 1_000_000_000 });
    expect([told.status, told.body.error!.message]).toEqual([413, 'The request is larger than 1 MB.']);
    // One that does not say how long it is.
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    let sent = 0;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.write(`POST /rows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    while (!socket.destroyed && answer === '' && sent < 1_000_000_000) {
      sent += 65_536;
      if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    }
    socket.destroy();
    expect(sent).toBeLessThan(100_000_000);
    expect((await post(JSON.stringify(row(1)))).status).toBe(200);
    await run.until(() => trial.lines('out.jsonl').length === 1);
    await run.stop();
    expect(ids()).toEqual([1]);
  });

  test('that find the inbox full are asked to wait, and what was taken comes once', async () => {
    const run = await opened();
    expect((await trial.millrace(['runs', 'pause', 'stream.millrace.json'])).code).toBe(0);
    const taken: number[] = [];
    const statuses = new Set<number>();
    let next = 0;
    const send = async () => {
      const mine = Array.from({ length: 20 }, () => next++);
      const { status, body } = await post(JSON.stringify(mine.map(row)));
      statuses.add(status);
      if (status === 200) taken.push(...mine);
      else expect(body.error).toMatchObject({ code: 'http/full', hint: expect.stringContaining('again') });
    };
    for (let i = 0; i < 10 && !statuses.has(429); i++) await Promise.all(Array.from({ length: 30 }, send));
    expect([...statuses].sort()).toEqual([200, 429]);
    await run.says(/post: The inbox is full: senders are asked to wait/);
    await trial.millrace(['runs', 'resume', 'stream.millrace.json']);
    await run.until(() => trial.lines('out.jsonl').length >= taken.length);
    expect((await post(JSON.stringify(row(next)))).status).toBe(200);
    await run.until(() => trial.lines('out.jsonl').length > taken.length);
    await run.stop();
    expect(ids().sort((a, b) => a - b)).toEqual([...taken, next].sort((a, b) => a - b));
  });

  test('that are never finished hold up neither others nor the end of the run', async () => {
    const run = await opened();
    const hanging = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
    for (const socket of hanging) {
      socket.on('error', () => {});
      socket.write('POST /rows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id": 1,');
    }
    expect((await post(JSON.stringify(row(2)))).status).toBe(200);
    await run.until(() => trial.lines('out.jsonl').length === 1);
    const before = Date.now();
    await run.stop();
    expect(Date.now() - before).toBeLessThan(60_000);
    for (const socket of hanging) socket.destroy();
    expect(ids()).toEqual([2]);
  });

  test(`that are answered come once, whenever the run is killed (seed ${seed})`, async () => {
    const answered: number[] = [];
    const asked: number[] = [];
    let next = 0;
    let isOver = false;
    const sender = async () => {
      while (!isOver) {
        const mine = Array.from({ length: 1 + (next % 7) }, () => next++);
        asked.push(...mine);
        try {
          const { status } = await post(JSON.stringify(mine.map(row)));
          if (status === 200) answered.push(...mine);
        } catch {
          await sleep(20);
        }
      }
    };
    const rounds = 5;
    let senders: Promise<void>[] = [];
    for (let round = 0; round < rounds; round++) {
      const run = await opened();
      senders = round === 0 ? Array.from({ length: 4 }, sender) : senders;
      const before = answered.length;
      await run.until(() => answered.length > before + 20);
      await sleep((seed * (round + 3) * 7919) % 700);
      await run.kill();
    }
    isOver = true;
    await Promise.all(senders);
    const run = await opened();
    const wanted = [...answered].sort((a, b) => a - b);
    await run.until(() => trial.lines('out.jsonl').length >= wanted.length);
    await run.stop();
    const found = ids().sort((a, b) => a - b);
    expect(new Set(found).size, 'no row twice').toBe(found.length);
    const there = new Set(found);
    expect(wanted.filter((id) => !there.has(id))).toEqual([]);
    // What was on its way when the run was killed may have been taken; nothing else.
    const sent = new Set(asked);
    expect(found.filter((id) => !sent.has(id))).toEqual([]);
  });

  test('at a port that is taken', async () => {
    await opened();
    trial.pipeline(
      {
        post: ['http-in', { port, columns: [{ column: 'id', type: 'integer' }], inbox: 'other.db' }],
        out: ['jsonl-output', { path: 'other.jsonl' }],
      },
      ['post -> out'],
      'other.millrace.json',
    );
    const { code, errors } = await trial.millrace(['run', 'other.millrace.json']);
    expect(code).toBe(1);
    expect(errors).toMatch(new RegExp(`node post .*Port ${port} is taken by another program, or by another run\\.\\n\\s+Choose another port`));
  });
});

describe('a file that is followed', () => {
  const line = (id: number) => `${JSON.stringify({ id })}\n`;
  const follow = async (path = 'in.jsonl', policy?: 'skip') => {
    trial.pipeline({ source: ['file-tail', { path, from: 'beginning', format: 'jsonl' }, policy], out }, ['source -> out']);
    const run = trial.start();
    await run.until(() => trial.lines('out.jsonl').length === 2);
    return run;
  };
  beforeEach(() => trial.write('in.jsonl', line(1) + line(2)));

  test('and vanishes: what comes under its name is read from its beginning', async () => {
    const run = await follow();
    rmSync(trial.at('in.jsonl'));
    await sleep(500);
    trial.write('in.jsonl', line(3));
    await run.until(() => trial.lines('out.jsonl').length === 3);
    const { state } = await run.stop();
    expect([state, ids()]).toEqual(['stopped', [1, 2, 3]]);
  });

  test('and becomes a folder: told, and read on when it is a file again', async () => {
    const run = await follow();
    rmSync(trial.at('in.jsonl'));
    mkdirSync(trial.at('in.jsonl'));
    await run.says(/source: .*in\.jsonl is a folder, not a file\. It is left out until it can be read/);
    rmSync(trial.at('in.jsonl'), { recursive: true });
    trial.write('in.jsonl', line(3));
    await run.until(() => trial.lines('out.jsonl').length === 3);
    await run.stop();
    expect(ids()).toEqual([1, 2, 3]);
  });

  test.skipIf(isRoot)('and may not be read any more (not as root)', async () => {
    const run = await follow();
    chmodSync(trial.at('in.jsonl'), 0);
    rmSync(trial.at('in.jsonl'));
    writeFileSync(trial.at('in.jsonl'), line(3), { mode: 0 });
    await run.says(/in\.jsonl.*(permission|right|EACCES|read)/);
    chmodSync(trial.at('in.jsonl'), 0o600);
    await run.until(() => trial.lines('out.jsonl').length === 3);
  });

  test('and turns out to be binary: the run ends with its line, and goes on behind it where such lines are skipped', async () => {
    const run = await follow();
    appendFileSync(trial.at('in.jsonl'), Buffer.concat([Buffer.from([0, 255, 254, 1, 2, 0, 128]), Buffer.from('\n')]));
    expect(await run.ended()).toBe(1);
    expect(run.words).toMatch(/node source .*: The line contains bytes that are not valid in this encoding\.\n {2}at in\.jsonl:3\n/);
    expect(ids()).toEqual([1, 2]);
    trial.append('in.jsonl', line(4));
    trial.pipeline({ source: ['file-tail', { path: 'in.jsonl', from: 'beginning', format: 'jsonl' }, 'skip'], out }, ['source -> out']);
    const again = trial.start();
    await again.until(() => trial.lines('out.jsonl').length === 3);
    const { stats } = await again.stop();
    expect([ids(), stats['source']!.failed]).toEqual([[1, 2, 4], 1]);
  });

  test('and is rotated while the run is down: the rest of the old one comes first, and nothing twice', async () => {
    const run = await follow('in*.jsonl');
    await run.stop();
    trial.append('in.jsonl', line(3));
    renameSync(trial.at('in.jsonl'), trial.at('in-1.jsonl'));
    trial.write('in.jsonl', line(4));
    const again = trial.start();
    await again.until(() => trial.lines('out.jsonl').length === 4);
    await again.stop();
    expect(ids().sort()).toEqual([1, 2, 3, 4]);
  });
});

describe('a source that is read again and again', () => {
  test('and is away at the second time is tried again, and nothing comes twice', async () => {
    const database = (from: number, to: number) => {
      const made = new Sqlite(trial.at('in.db'));
      made.exec('CREATE TABLE t (id INTEGER)');
      for (let id = from; id < to; id++) made.prepare('INSERT INTO t VALUES (?)').run(id);
      made.close();
    };
    database(0, 3);
    trial.pipeline({ source: ['sqlite-query', { path: 'in.db', table: 't', repeat: 300, cursorColumn: 'id' }], out }, ['source -> out']);
    const run = trial.start();
    await run.until(() => trial.lines('out.jsonl').length === 3);
    renameSync(trial.at('in.db'), trial.at('away.db'));
    await run.says(/source: It could not be read, and is tried again in \d+ s: .*in\.db/);
    expect(run.isAlive).toBe(true);
    database(0, 5);
    await run.until(() => trial.lines('out.jsonl').length === 5);
    const { state } = await run.stop();
    expect([state, ids()]).toEqual(['stopped', [0, 1, 2, 3, 4]]);
  });

  test('and is away at the first time ends the run', async () => {
    trial.pipeline({ source: ['sqlite-query', { path: 'in.db', table: 't', repeat: 300, cursorColumn: 'id' }], out }, ['source -> out']);
    const { code, result } = await trial.runs();
    expect(code).toBe(2);
    expect(result.problems[0]).toMatchObject({ node: 'source', code: 'file/missing' });
  });
});
