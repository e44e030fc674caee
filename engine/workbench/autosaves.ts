import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Pipeline } from '../document/pipeline.ts';
import { pipelineSchema } from '../document/pipeline-schema.ts';
import type { Autosave } from '../protocol/messages.ts';
import { OwnMark } from '../store/own-mark.ts';
import { makePrivateFolder, privateFileMode } from '../store/private-files.ts';
import { mayHaveWritten } from '../store/process-identity.ts';
import { readText, writeText } from './disk.ts';

const keptSchema = z.object({
  id: z.string(),
  path: z.string().nullable(),
  folder: z.string(),
  trusted: z.boolean(),
  stamp: z.string().nullable(),
  savedAt: z.number(),
  /** The process that wrote it: while it lives, the document is open there and not lost. */
  process: z.number(),
  pipeline: pipelineSchema,
  /** Says that this installation wrote it; absent in copies of older versions. */
  mark: z.string().optional(),
});
export type KeptDocument = Omit<z.infer<typeof keptSchema>, 'mark'>;

/** Copies of unsaved documents in `autosave/` of the data folder, one file each, until the editor discards them. */
export class Autosaves {
  readonly #folder: string;
  readonly #mark: OwnMark;

  constructor(dataFolder: string) {
    this.#mark = new OwnMark(dataFolder);
    this.#folder = join(dataFolder, 'autosave');
  }

  async write(kept: Omit<KeptDocument, 'savedAt' | 'process'> & { readonly pipeline: Pipeline }): Promise<void> {
    const file: KeptDocument = { ...kept, savedAt: Date.now(), process: process.pid };
    makePrivateFolder(this.#folder);
    const text = JSON.stringify({ ...file, mark: this.#mark.of(markedText(file)) });
    await writeText(this.#file(kept.id), text, { mode: privateFileMode });
  }

  /** Newest first, without those that another living process keeps. A damaged copy is skipped, not deleted. */
  async list(): Promise<readonly Autosave[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith('.json'));
    const kept = await Promise.all(names.map((name) => readKept(join(this.#folder, name)).catch(() => null)));
    return kept
      .filter((copy) => copy !== null)
      .filter((copy) => copy.process === process.pid || !isAlive(copy.process, copy.savedAt))
      .map((copy) => ({ id: copy.id, path: copy.path, name: copy.pipeline.name, savedAt: copy.savedAt }))
      .sort((a, b) => b.savedAt - a.savedAt);
  }

  /** A copy from elsewhere is not trusted, whatever it says. */
  async read(id: string): Promise<KeptDocument> {
    const kept = await readKept(this.#file(id));
    return { ...kept, trusted: kept.trusted && this.#mark.isOf(kept.text, kept.mark ?? '') };
  }

  async discard(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
  }

  /** Ids come from outside. Hashed, they cannot name another place. */
  #file(id: string): string {
    return join(this.#folder, `${createHash('sha256').update(id).digest('hex').slice(0, 24)}.json`);
  }
}

function markedText({ path, folder, trusted, stamp, pipeline }: KeptDocument): string {
  return JSON.stringify([path, folder, trusted, stamp, pipeline]);
}

async function readKept(file: string): Promise<KeptDocument & { readonly mark?: string; readonly text: string }> {
  const { text } = await readText(file);
  try {
    const written = JSON.parse(text) as KeptDocument;
    const { mark, ...kept } = keptSchema.parse(written);
    return { ...kept, ...(mark !== undefined && { mark }), text: markedText(written) };
  } catch (error) {
    throw new MillraceError({ code: 'autosave/damaged', message: 'The autosaved copy cannot be read.', hint: `It is kept in ${file}.` }, { cause: error });
  }
}

/** Process numbers are reused when the machine restarts, and while it runs. */
function isAlive(pid: number, savedAt: number): boolean {
  return savedAt >= Date.now() - uptime() * 1000 && mayHaveWritten(pid, savedAt);
}
