import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite, pragma } from '../../io/sqlite/sqlite-driver.ts';
import { storeMigrations } from './migrations.ts';
import { Store } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('Store', () => {
  it('remembers recent files, trust and settings between sessions', () => {
    const first = Store.open(folder);
    first.addRecent('/a.millrace.json', 'A');
    first.trust.addFile('/a.millrace.json', 'stamp-1', '');
    first.writeSetting('theme', { dark: true });
    first.close();

    const second = Store.open(folder);
    expect(second.problem).toBeNull();
    expect(second.recent()).toMatchObject([{ path: '/a.millrace.json', name: 'A' }]);
    expect(second.trust.covers('/a.millrace.json', 'stamp-1', '')).toBe(true);
    expect(second.trust.covers('/a.millrace.json', 'stamp-2', '')).toBe(false);
    expect(second.trust.covers('/b.millrace.json', 'stamp-1', '')).toBe(false);
    expect(second.setting('theme')).toEqual({ dark: true });
    expect(second.setting('never')).toBeNull();
    second.removeRecent('/a.millrace.json');
    expect(second.recent()).toEqual([]);
    second.close();
  });

  it('is shared by several processes', () => {
    const one = Store.open(folder);
    const two = Store.open(folder);
    one.writeSetting('a', 1);
    two.writeSetting('b', 2);
    expect([two.setting('a'), one.setting('b')]).toEqual([1, 2]);
    one.close();
    two.close();
  });

  it('puts a damaged file aside and says so', () => {
    writeFileSync(join(folder, 'millrace.sqlite'), 'this is no database, it is a text of some length');
    const store = Store.open(folder);
    expect(store.problem?.code).toBe('store/broken');
    store.writeSetting('a', 1);
    store.close();
    expect(readdirSync(folder).some((name) => name.startsWith('millrace.sqlite.broken-'))).toBe(true);
    expect(Store.open(folder).setting('a')).toBe(1);
  });

  it('leaves a file of a newer version as it is', () => {
    const file = join(folder, 'millrace.sqlite');
    const newer = openSqlite(file);
    pragma(newer, 'user_version = 99');
    newer.close();
    const store = Store.open(folder);
    expect(store.problem?.code).toBe('store/too-new');
    store.writeSetting('a', 1);
    expect(store.setting('a')).toBe(1);
    store.close();
    expect(pragma(openSqlite(file), 'user_version')).toEqual([{ user_version: 99 }]);
  });

  it('takes every migration once, in order', () => {
    Store.open(folder, storeMigrations).close();
    const next = [...storeMigrations, { to: storeMigrations.length + 1, name: 'notes', sql: 'create table notes (text text)' }];
    Store.open(folder, next).close();
    expect(Store.open(folder, next).problem).toBeNull();
    expect(storeMigrations.map((migration) => migration.to)).toEqual(storeMigrations.map((_, index) => index + 1));
  });
});
