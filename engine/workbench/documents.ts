import { randomUUID } from 'node:crypto';
import { constants, copyFile, cp, glob, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { missing } from '../../model/faults/missing.ts';
import { placeOf } from '../../model/problems/path-place.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { own } from '../../model/text/own.ts';
import { setConnection } from '../document/connection-edits.ts';
import { formatConnections, noConnections } from '../document/connections.ts';
import { fileExtension, formatPipeline, parsePipeline, titleOfFile } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { connectionsUsed, reachFacts } from '../plan/reach-facts.ts';
import { problemOf } from '../protocol/connection.ts';
import type { ExampleFile, OpenedDocument } from '../protocol/messages.ts';
import type { Store } from '../store/store.ts';
import { type ReadFile, readConnectionsFile, refuseUnknownEnvironment } from './connections-file.ts';
import { diskError, readText, stampOf, writeText } from './disk.ts';

/** What the workbench knows about a document that an editor has open. */
export interface OpenDocument {
  readonly id: string;
  readonly path: string | null;
  /** The folder to which paths of its params are relative. */
  readonly folder: string;
  readonly trusted: boolean;
  /** Of the file's content when it was opened or last saved. */
  readonly stamp: string | null;
  /** That content; null where it was not read here. */
  readonly saved: Pipeline | null;
  /** Where its connections led to when it was trusted (`reachFacts`); null where that is not known. */
  readonly facts: string | null;
  /** The folder's connections as they were looked at last; null: not yet. */
  readonly connections: ReadFile | null;
  /** Of the folder's connections, the environment that is chosen; null: none. */
  readonly environment: string | null;
  /** The file was of an older format when it was opened and has not been saved since. */
  readonly migrated: boolean;
}

/**
 * The documents of one editor: opening, saving, trust.
 *
 * Relative paths start at the pipeline's file; for a document that was never saved, at `unsaved/` of the data folder. An example opens as
 * an untitled copy, and the data that ships with the examples is copied to that folder, so that its inputs are found and its outputs have a
 * writable place. Saving it elsewhere copies its input files along.
 */
export class Documents {
  readonly #store: Store;
  readonly #dataFolder: string;
  readonly #examplesFolder: string;
  readonly #onDistrusted: (id: string, why: 'revoked' | 'connections') => void;
  readonly #catalogue: Catalogue;
  readonly #open = new Map<string, OpenDocument>();

  /** `onDistrusted`: trust in an open document was revoked. */
  constructor(
    store: Store,
    folders: { readonly dataFolder: string; readonly examplesFolder: string },
    onDistrusted: (id: string, why: 'revoked' | 'connections') => void = () => {},
    catalogue: Catalogue = new Catalogue([]),
  ) {
    this.#catalogue = catalogue;
    this.#onDistrusted = onDistrusted;
    this.#store = store;
    this.#dataFolder = folders.dataFolder;
    this.#examplesFolder = folders.examplesFolder;
  }

  /** Looked up each time: trust may have been revoked in another window or on the command line. */
  get(id: string): OpenDocument {
    const document = this.#open.get(id);
    if (document) return document.trusted && !this.#isCovered(document) ? this.#distrust(document) : document;
    throw new MillraceError({ code: 'document/unknown', message: 'This document is not open in the engine.', hint: 'Open it again.' });
  }

  /** Throws for a document from elsewhere: nothing that it names may be touched. */
  trusted(id: string): OpenDocument {
    const document = this.get(id);
    if (document.trusted) return document;
    throw new MillraceError({
      code: 'document/untrusted',
      message: 'This pipeline was not made here: it reads, writes and runs nothing until you trust it.',
      hint: 'Check what it would read, write and run, then choose "Trust".',
    });
  }

  create(): OpenedDocument {
    return this.#add({ path: null, folder: this.#unsavedFolder, trusted: true, stamp: null }, emptyPipeline);
  }

  /** A document restored from an autosave: trusted if it was when the copy was made, and its file still is. */
  restore(pipeline: Pipeline, kept: Pick<OpenDocument, 'path' | 'folder' | 'trusted' | 'stamp'>): OpenedDocument {
    const { path, folder, stamp } = kept;
    const trusted = kept.trusted && this.#isCovered({ ...kept, facts: null });
    return this.#add({ path, folder, trusted, stamp }, pipeline);
  }

  /**
   * A document that an editor still has, after the engine that knew it has ended. The file may have been replaced by now, so it is not
   * read. If the document has a file, the editor's claim that it was trusted is not believed.
   */
  resume(known: Pick<OpenDocument, 'path' | 'stamp' | 'trusted'>): Pick<OpenedDocument, 'documentId' | 'trusted'> {
    const { path, stamp } = known;
    const folder = path === null ? this.#unsavedFolder : dirname(path);
    const { documentId, trusted } = this.#add({ path, folder, trusted: known.trusted && this.#isCovered({ ...known, facts: null }), stamp }, emptyPipeline);
    return { documentId, trusted };
  }

  async open(path: string): Promise<OpenedDocument> {
    const file = resolve(path);
    const { pipeline: read, migrated, stamp } = await this.#read(file);
    const pipeline = read.name === emptyPipeline.name ? { ...read, name: titleOfFile(file) } : read;
    this.#store.addRecent(file, pipeline.name);
    const connections = await readConnectionsFile(dirname(file));
    const facts = reachFacts(pipeline, connections.connections, this.#catalogue);
    const trusted = this.#store.trust.covers(file, stamp, facts);
    const document = { path: file, folder: dirname(file), trusted, stamp, saved: pipeline, facts, connections, migrated: migrated.length > 0 };
    return this.#add(document, pipeline, migrated);
  }

  async openExample(id: string): Promise<OpenedDocument> {
    const example = (await this.examples()).find((candidate) => candidate.id === id);
    if (!example) throw new MillraceError({ code: 'example/unknown', message: `There is no example "${id}".` });
    const { pipeline } = await this.#read(example.path);
    await cp(this.#examplesFolder, this.#unsavedFolder, { recursive: true, preserveTimestamps: true, filter: isNewData });
    return this.#add({ path: null, folder: this.#unsavedFolder, trusted: true, stamp: null }, pipeline);
  }

  async examples(): Promise<readonly ExampleFile[]> {
    const names = (await readdir(this.#examplesFolder).catch(() => [])).filter((name) => name.endsWith(fileExtension)).sort();
    return Promise.all(
      names.map(async (name) => {
        const path = join(this.#examplesFolder, name);
        const { pipeline } = await this.#read(path);
        return {
          id: name.slice(0, -fileExtension.length),
          title: pipeline.name,
          summary: firstSentence(pipeline.description ?? ''),
          path,
          sketch: sketchOf(pipeline),
        };
      }),
    );
  }

  /** `reads`: the input paths that the pipeline names; relative ones are copied along when an untitled document is saved. */
  async save(
    id: string,
    path: string,
    pipeline: Pipeline,
    stamp: string | null,
    reads: readonly string[],
  ): Promise<{ readonly path: string; readonly stamp: string }> {
    const document = this.get(id);
    const file = resolve(path);
    const text = formatPipeline(pipeline);
    if (!document.trusted) refuseTrustedFolder(file, this.#store.trust.folderOf(file));
    if (stamp !== null) await refuseIfChanged(file, stamp);
    if (document.migrated && document.path === file) await keepCopy(file);
    await writeText(file, text);
    if (document.path === null && document.trusted) {
      await takeAlong(reads, document.folder, dirname(file));
      await takeConnectionsAlong(pipeline, document.folder, dirname(file), this.#catalogue);
    }
    const saved = stampOf(text);
    const connections = await readConnectionsFile(dirname(file));
    const facts = reachFacts(pipeline, connections.connections, this.#catalogue);
    // An untrusted pipeline does not become trusted by being saved here.
    if (document.trusted) this.#store.trust.addFile(file, saved, facts);
    this.#store.addRecent(file, pipeline.name);
    const environment = dirname(file) === document.folder ? document.environment : null;
    this.#open.set(id, { ...document, path: file, folder: dirname(file), stamp: saved, saved: pipeline, facts, connections, environment, migrated: false });
    return { path: file, stamp: saved };
  }

  /** Trust is for what was opened and shown, not for what the file may contain by now. */
  trust(id: string): void {
    const document = this.get(id);
    const facts = this.#factsOf(document);
    if (document.path !== null && document.stamp !== null) this.#store.trust.addFile(document.path, document.stamp, facts);
    this.#open.set(id, { ...document, facts, trusted: true });
  }

  /**
   * Looks at the folder's connections, before anything is done with `pipeline`, which is what the editor has: where somebody else has
   * changed where it leads to, a trusted one has to be trusted again.
   */
  async review(id: string, pipeline: Pipeline): Promise<void> {
    const { folder } = this.get(id);
    const now = await readConnectionsFile(folder);
    const document = this.get(id);
    const before = document.connections;
    if (document.folder !== folder || before?.stamp === now.stamp) return;
    // One that somebody has removed is not chosen any more: the editor shows none.
    const isGone = document.environment !== null && now.ok && !own(now.connections.environments, document.environment);
    this.#open.set(id, { ...document, connections: now, ...(isGone && { environment: null }) });
    const factsOf = ({ connections }: ReadFile) => reachFacts(pipeline, connections, this.#catalogue);
    const isSame = !before || factsOf(before) === factsOf(now);
    if (isSame || !document.trusted || document.path === null || this.#store.trust.folderOf(document.path) !== null) return;
    this.#distrust(this.get(id), 'connections');
  }

  /** Connections that were changed here: what is trusted stays so. */
  async changed(id: string, connections: ReadFile): Promise<void> {
    const { folder, trusted, connections: before } = this.get(id);
    const known = before?.connections ?? noConnections;
    for (const document of this.#open.values()) {
      if (document.folder !== folder) continue;
      const next = { ...document, connections };
      const facts = this.#factsOf(next);
      this.#open.set(document.id, { ...next, ...(document.trusted && { facts }) });
      if (document.trusted && document.path !== null && document.stamp !== null) this.#store.trust.addFile(document.path, document.stamp, facts);
    }
    // Neither may those of the folder that are not open ask whether their user trusts what their user did.
    const paths = new Set(this.#store.trust.list().flatMap(({ kind, path }) => (trusted && kind === 'file' && dirname(path) === folder ? [path] : [])));
    for (const path of paths) {
      const read = await this.#read(path).catch(() => null);
      if (!read || !this.#store.trust.covers(path, read.stamp, reachFacts(read.pipeline, known, this.#catalogue))) continue;
      this.#store.trust.addFile(path, read.stamp, reachFacts(read.pipeline, connections.connections, this.#catalogue));
    }
  }

  /** Throws `connection/environment` for one that the folder's connections do not have. */
  async setEnvironment(id: string, environment: string | null): Promise<void> {
    const { folder } = this.get(id);
    refuseUnknownEnvironment((await readConnectionsFile(folder)).connections, environment);
    this.#store.writeSetting(`environment ${folder}`, environment);
    for (const document of this.#open.values()) if (document.folder === folder) this.#open.set(document.id, { ...document, environment });
  }

  /** Checks again which of the open documents are trusted: call it when trust was revoked. */
  reviewTrust(): void {
    for (const id of [...this.#open.keys()]) this.get(id);
  }

  close(id: string): void {
    this.#open.delete(id);
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  /** Of what was opened or saved, with the connections as last read. */
  #factsOf({ saved, connections, facts }: OpenDocument): string {
    return saved && connections ? reachFacts(saved, connections.connections, this.#catalogue) : (facts ?? '');
  }

  /** A document without a file was made here. */
  #isCovered({ path, stamp, facts }: Pick<OpenDocument, 'path' | 'stamp' | 'facts'>): boolean {
    return path === null || this.#store.trust.covers(path, stamp, facts);
  }

  #distrust(document: OpenDocument, why: 'revoked' | 'connections' = 'revoked'): OpenDocument {
    const changed = { ...document, trusted: false };
    this.#open.set(document.id, changed);
    this.#onDistrusted(document.id, why);
    return changed;
  }

  get #unsavedFolder(): string {
    return join(this.#dataFolder, 'unsaved');
  }

  #add(
    document: Pick<OpenDocument, 'path' | 'folder' | 'trusted' | 'stamp'> & Partial<OpenDocument>,
    pipeline: Pipeline,
    migrated: readonly string[] = [],
  ): OpenedDocument {
    const id = randomUUID();
    const environment = environmentOf(this.#store, document.folder, document.connections ?? null);
    this.#open.set(id, { saved: null, facts: null, connections: null, environment, migrated: false, ...document, id });
    const opened = { documentId: id, pipeline, path: document.path, trusted: document.trusted, stamp: document.stamp };
    return migrated.length > 0 ? { ...opened, migrated } : opened;
  }

  async #read(path: string): Promise<{ readonly pipeline: Pipeline; readonly migrated: readonly string[]; readonly stamp: string }> {
    const { text, stamp } = await readText(path);
    try {
      return { ...pipelineOf(text), stamp };
    } catch (error) {
      const problem = problemOf(error);
      throw new MillraceError({ ...problem, message: `${basename(path)}: ${problem.message}` });
    }
  }
}

/** A pipeline file's content, or a MillraceError with the first of its problems. */
export function pipelineOf(text: string): { readonly pipeline: Pipeline; readonly migrated: readonly string[] } {
  const loaded = parsePipeline(text);
  if (loaded.ok) return loaded;
  const [first, ...rest] = loaded.problems;
  const others = rest.slice(0, 3).map((problem) => problem.message);
  const more = rest.length > 0 ? ` And ${rest.length} more: ${others.join(' ')}` : '';
  const problem = first ?? missing('why the file cannot be read');
  throw new MillraceError({ ...problem, message: `${problem.message}${more}` });
}

/** A pipeline from elsewhere would be trusted as soon as it is put there. */
function refuseTrustedFolder(file: string, folder: string | null): void {
  if (folder === null) return;
  throw new MillraceError({
    code: 'trust/folder',
    message: `${file} was not saved: all pipelines in ${folder} are trusted, and this one is not.`,
    hint: 'Trust it first, or choose another folder.',
  });
}

async function refuseIfChanged(file: string, stamp: string): Promise<void> {
  let current: string;
  try {
    current = (await readText(file)).stamp;
  } catch (error) {
    // It is gone: there is nothing to overwrite.
    if (error instanceof MillraceError && error.problem.code === 'file/missing') return;
    throw error;
  }
  if (current === stamp) return;
  throw new MillraceError({
    code: 'file/changed',
    message: `${file} was changed by another program since it was opened.`,
    hint: 'Save under another name, or open the file again and repeat your changes.',
  });
}

/** Keeps a copy of a file from before it was brought up to date, beside it. A link of that name is replaced, and never written through. */
async function keepCopy(file: string): Promise<void> {
  const copy = `${file}.bak`;
  const draft = `${copy}.${randomUUID()}`;
  try {
    await copyFile(file, draft, constants.COPYFILE_EXCL);
    await rename(draft, copy);
  } catch (error) {
    await rm(draft, { force: true });
    // It is gone: there is nothing to keep.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw diskError(error, copy, 'written');
  }
}

/** Copies relative inputs that are missing at the new place. Outputs and absolute paths stay where they are. */
async function takeAlong(reads: readonly string[], from: string, to: string): Promise<void> {
  if (from === to) return;
  for (const path of reads) {
    if (isAbsolute(path) || placeOf(path) !== 'inside') continue;
    for await (const name of glob(path, { cwd: from })) {
      const source = join(from, name);
      const target = join(to, name);
      if (!(await modified(source)) || (await modified(target))) continue;
      await mkdir(dirname(target), { recursive: true });
      await copyFile(source, target);
    }
  }
}

/** The connections that it uses, unless the new place has one of that name. A file there that cannot be read stays as it is. */
async function takeConnectionsAlong(pipeline: Pipeline, from: string, to: string, catalogue: Catalogue): Promise<void> {
  if (from === to) return;
  const [source, target] = [await readConnectionsFile(from), await readConnectionsFile(to)];
  if (!target.ok) return;
  let file = target.connections;
  for (const name of connectionsUsed(pipeline, source.connections, catalogue)) {
    const stored = own(source.connections.connections, name);
    if (stored && !own(file.connections, name)) file = setConnection(file, name, stored);
  }
  if (file !== target.connections) await writeText(target.path, formatConnections(file));
}

/** Which of the examples' data to copy: not files that exist and are as new, so that unchanged files and outputs of earlier runs stay. */
async function isNewData(source: string, target: string): Promise<boolean> {
  if ((await stat(source)).isDirectory()) return true;
  return !source.endsWith(fileExtension) && (await modified(target)) < (await modified(source));
}

/** 0 for what does not exist. */
async function modified(path: string): Promise<number> {
  return Math.floor((await stat(path).catch(() => null))?.mtimeMs ?? 0);
}

function sketchOf({ nodes, edges, layout }: Pipeline): ExampleFile['sketch'] {
  const ids = Object.keys(nodes);
  return {
    nodes: Object.entries(nodes).map(([id, { type }]) => ({ ...(layout[id] ?? { x: 0, y: 0 }), type })),
    edges: edges.map(({ from, to }) => [ids.indexOf(from.node), ids.indexOf(to.node)] as const),
  };
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}

/** That which was chosen last for a folder, unless its connections have it no more. */
function environmentOf(store: Store, folder: string, read: ReadFile | null): string | null {
  const found = store.setting(`environment ${folder}`);
  if (typeof found !== 'string') return null;
  return read?.ok && !own(read.connections.environments, found) ? null : found;
}
