import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import { WorkerPool } from './pool.ts';
import { WorkerEnded } from './worker-process.ts';

const at = (name: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)));
/** A process whose libraries say their secrets, in the way that a job asks for. */
const worker = `
import { serveJobs } from ${at('serve.ts')};
import { redactOutput, Redactor } from ${at('redaction.ts')};
import { MillraceError } from ${at('../../model/problems/problem.ts')};
serveJobs(async ({ how, texts: { a } }) => {
  const said = [a, encodeURIComponent(a), JSON.stringify(a), Buffer.from('me:' + a).toString('base64')].join(' and ');
  if (how === 'throw') throw new MillraceError({ code: 'file/error', message: said, hint: said, row: { text: said } });
  if (how === 'error') throw new Error(said);
  if (how === 'crash') { process.stderr.write(said); setImmediate(() => process.exit(3)); await new Promise(() => {}); }
  if (how === 'print') { redactOutput(new Redactor([a])); console.error(said); setImmediate(() => process.exit(3)); await new Promise(() => {}); }
  return { problems: [{ message: said, list: [said] }] };
}, { secrets: ({ texts }) => texts });
`;
const secret = 'open "sesame"/+ü';
const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(`me:${secret}`).toString('base64')];

interface Job {
  readonly how: string;
  readonly texts: { readonly a: string };
}
let folder: string;
let pool: WorkerPool<Job, unknown>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-redacted-'));
  writeFileSync(join(folder, 'worker.mjs'), worker);
  pool = new WorkerPool({ entry: { file: join(folder, 'worker.mjs') }, limitMs: 60_000, memoryMb: 512, secrets: ({ texts }) => texts });
});
afterEach(() => {
  pool.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a process that is sent a secret', () => {
  it.each(['answer', 'throw', 'error', 'crash', 'print'])('gives none away in its %s', async (how) => {
    const told = await pool.run({ how, texts: { a: secret } }).then(
      (result) => JSON.stringify(result),
      (error: unknown) =>
        error instanceof MillraceError ? JSON.stringify(error.problem) : error instanceof WorkerEnded ? `${error.message} ${error.stack}` : String(error),
    );
    expect(told).toContain('•••••');
    for (const form of forms) for (const each of [form, JSON.stringify(form).slice(1, -1)]) expect(told).not.toContain(each);
  });
});
