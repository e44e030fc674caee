import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { thousands } from './thousands.ts';

it('groups digits as the English locale does', () => {
  for (const count of [0, 7, 999, 1000, 65_536, 999_999, 1_000_000, 1_234_567_890, Number.MAX_SAFE_INTEGER, -1, -999, -1000, -123_456])
    expect(thousands(count)).toBe(count.toLocaleString('en-US'));
});

// The first call in a process takes 18 ms, a large part of what starting a run takes.
it('stands for the tables of the locale, everywhere in the engine and in nodes', () => {
  const asking = ['model', 'kit', 'io', 'engine', 'nodes'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => join(folder, name))
      .filter((path) => readFileSync(path, 'utf8').includes('.toLocaleString(')),
  );
  expect(asking).toEqual([]);
});
