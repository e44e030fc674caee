import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sealer, Secrets } from './secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sealer: Sealer = {
  seal: async (text) => Buffer.from(`sealed ${text}`).toString('hex'),
  unseal: async (sealed) => Buffer.from(sealed, 'hex').toString().slice('sealed '.length),
};
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fulfilled',
    (error) => error.problem.code,
  );

describe('Secrets', () => {
  it('keeps them for their user alone, and gives them by reference', async () => {
    const secrets = new Secrets(folder, null, {});
    await secrets.set('warehouse_password', 'hunter2');
    await secrets.set('a-token', 'line one\nline two');
    expect(await new Secrets(folder, null, {}).texts(['${secret:warehouse_password}', '${secret:a-token}'])).toEqual({
      '${secret:warehouse_password}': 'hunter2',
      '${secret:a-token}': 'line one\nline two',
    });
    if (process.platform !== 'win32') expect(statSync(secrets.path).mode & 0o777).toBe(0o600);
    expect(secrets.list()).toMatchObject([
      { name: 'a-token', where: 'file' },
      { name: 'warehouse_password', where: 'file', isReadable: true },
    ]);
    expect(await secrets.remove('a-token')).toBe(true);
    expect(await secrets.remove('a-token')).toBe(false);
    expect(await code(secrets.texts(['${secret:a-token}']))).toBe('secret/missing');
  });

  it('reads the environment first, and variables of older pipelines by their own names', async () => {
    const secrets = new Secrets(folder, null, { MILLRACE_SECRET_A_B: 'from there', MILLRACE_SECRET_: 'x', INTAKE_TOKEN: 'old', EMPTY: '' });
    await secrets.set('a-b', 'stored');
    expect(await secrets.texts(['${secret:a-b}', '${env:INTAKE_TOKEN}'])).toEqual({ '${secret:a-b}': 'from there', '${env:INTAKE_TOKEN}': 'old' });
    expect(secrets.list()).toMatchObject([{ name: 'a-b', where: 'environment', since: null }]);
    expect(await code(secrets.texts(['${env:EMPTY}']))).toBe('secret/missing');
    expect(secrets.references().map(({ reference }) => reference)).toEqual(['${secret:a-b}', '${env:INTAKE_TOKEN}']);
  });

  it('seals them where the host can, and says so where it cannot be undone', async () => {
    await new Secrets(folder, sealer, {}).set('p', 'hunter2');
    expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).not.toContain('hunter2');
    expect(await new Secrets(folder, sealer, {}).texts(['${secret:p}'])).toEqual({ '${secret:p}': 'hunter2' });
    const elsewhere = new Secrets(folder, null, {});
    expect(elsewhere.list()).toMatchObject([{ name: 'p', where: 'sealed', isReadable: false }]);
    expect(await code(elsewhere.texts(['${secret:p}']))).toBe('secret/sealed');
    const otherKey = { ...sealer, unseal: () => Promise.reject(new Error('key')) };
    expect(await code(new Secrets(folder, otherKey, {}).texts(['${secret:p}']))).toBe('secret/unseal');
    const without = { ...sealer, seal: async () => null };
    expect(await new Secrets(folder, without, {}).set('q', 'x')).toMatchObject({ where: 'file' });
  });

  it('loses none of those that are set at once', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
    await Promise.all(names.map((name) => new Secrets(folder, null, {}).set(name, name)));
    expect(new Secrets(folder, null, {}).list().map(({ name }) => name)).toEqual([...names].sort());
  });

  it('never writes over a file that it cannot read, and tells nothing of it', async () => {
    writeFileSync(join(folder, 'secrets.json'), '{"secrets": {"a": {"text": "hunter2"');
    const secrets = new Secrets(folder, null, {});
    const failed = await secrets.set('b', 'x').catch((error) => error.problem);
    expect(failed).toMatchObject({ code: 'secret/store' });
    expect(JSON.stringify(failed)).not.toContain('hunter2');
    expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).toContain('hunter2');
  });

  it.each(['', 'A', '1a', 'a b', 'x'.repeat(65)])('refuses the name "%s"', async (name) => {
    expect(await code(new Secrets(folder, null, {}).set(name, 'x'))).toBe('secret/name');
  });
});
