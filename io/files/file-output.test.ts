import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileOutput } from './file-output.ts';
import { StagedFile } from './staged-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-file-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const replace = { append: false, gzip: false };
const append = { append: true, gzip: false };
const write = (file: StagedFile, text: string) => file.write(Buffer.from(text));
const codeOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return (error as { problem: { code: string } }).problem.code;
  }
  return null;
};

describe('replacing', () => {
  test('keeps the permissions of the file and the link to it', () => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    symlinkSync(path, join(folder, 'link'));
    const file = new StagedFile(join(folder, 'link'), replace);
    write(file, 'new');
    file.commit();
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test('removes what a killed process has left for this target, and only that', () => {
    const gone = join(folder, '.a.txt.999999999-0011aabb.millrace-part');
    const alive = join(folder, `.a.txt.${process.pid}-0011aabb.millrace-part`);
    const other = join(folder, '.b.txt.999999999-0011aabb.millrace-part');
    for (const path of [gone, alive, other]) writeFileSync(path, '');
    new StagedFile(join(folder, 'a.txt'), replace).abort();
    expect([gone, alive, other].map(existsSync)).toEqual([false, true, true]);
  });
});

describe('appending', () => {
  test('goes on behind what is there; abort cuts it off again', () => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'old\n');
    const first = new StagedFile(path, append);
    expect(first.continues).toBe(true);
    expect(first.head(2).toString()).toBe('ol');
    write(first, 'new\n');
    first.commit();
    const second = new StagedFile(path, append);
    write(second, 'lost\n');
    second.abort();
    expect(readFileSync(path, 'utf8')).toBe('old\nnew\n');
  });

  test('an empty file is not continued, a missing one is made', () => {
    writeFileSync(join(folder, 'a.txt'), '');
    const empty = new StagedFile(join(folder, 'a.txt'), append);
    const missing = new StagedFile(join(folder, 'b.txt'), append);
    expect([empty.continues, missing.continues]).toEqual([false, false]);
    empty.abort();
    missing.abort();
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  test('gzip: the head is readable and the whole is one stream', () => {
    const path = join(folder, 'a.gz');
    for (const text of ['first,second\n', '1,2\n']) {
      const file = new StagedFile(path, { append: true, gzip: true });
      if (text === '1,2\n') expect(file.head(1000).toString()).toBe('first,second\n');
      write(file, text);
      file.commit();
    }
    expect(gunzipSync(readFileSync(path)).toString()).toBe('first,second\n1,2\n');
  });
});

test('tells what abort would undo', () => {
  const path = join(folder, 'a.txt');
  writeFileSync(path, 'old');
  const making = new StagedFile(join(folder, 'b.txt'), replace);
  const adding = new StagedFile(path, append);
  const parts = readdirSync(folder).filter((name) => name.endsWith('.millrace-part'));
  expect([...adding.undo(), ...making.undo()]).toEqual(parts.sort().map((name) => ({ remove: join(folder, name) })));
  making.abort();
  adding.abort();
});

describe('refused', () => {
  test('a missing folder, a folder, a path under a file', () => {
    mkdirSync(join(folder, 'dir'));
    writeFileSync(join(folder, 'file'), '');
    expect(codeOf(() => new StagedFile(join(folder, 'no', 'a.txt'), replace))).toBe('file/folder-missing');
    expect(codeOf(() => new StagedFile(join(folder, 'dir'), replace))).toBe('file/folder');
    expect(codeOf(() => new StagedFile(join(folder, 'file', 'a.txt'), replace))).toBe('file/folder-missing');
  });

  test.skipIf(process.getuid?.() === 0)('a read-only file (not as root)', () => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'old');
    chmodSync(path, 0o444);
    expect(codeOf(() => new StagedFile(path, replace))).toBe('file/denied');
  });

  test('appending as gzip to a file that is none', () => {
    const path = join(folder, 'a.gz');
    writeFileSync(path, 'plain');
    const file = new StagedFile(path, { append: true, gzip: true });
    expect(codeOf(() => file.head(10))).toBe('file/not-gzip');
    file.abort();
  });

  test('two sinks of a run into one file', () => {
    const kept = new Map<string, { close(): void }>();
    const context = {
      path: (path: string) => join(folder, path),
      shared: <T extends { close(): void }>(key: string, open: () => T): T => {
        if (!kept.has(key)) kept.set(key, open());
        return kept.get(key) as T;
      },
      log: () => {},
      commits: 'end' as const,
      resume: null,
      lineage: '',
      signal: new AbortController().signal,
    };
    const params = { path: 'a.txt', mode: 'replace', compress: false, visible: 'checkpoint' } as const;
    const first = openFileOutput(context, params);
    expect(codeOf(() => openFileOutput(context, params))).toBe('file/used-twice');
    first.abort();
    for (const path of ['one.txt', 'other.txt']) writeFileSync(join(folder, path), '');
    linkSync(join(folder, 'one.txt'), join(folder, 'hard.txt'));
    const appending = ['one.txt', 'other.txt'].map((path) => openFileOutput(context, { ...params, path, mode: 'append' }));
    expect(codeOf(() => openFileOutput(context, { ...params, path: 'hard.txt' }))).toBe('file/used-twice');
    for (const file of appending) file.abort();
  });
});
