/**
 * The texts of secrets, on this machine and for this user alone: from the environment, else from `secrets.json` in the data folder. What is
 * asked for here goes to the processes that need it in messages, and is written nowhere else.
 */
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { MillraceError } from '../../model/problems/problem.ts';
import { describeReference, readSecretReference, secretName, secretReference, secretVariable, variableReference } from '../../model/text/secret-reference.ts';
import { ownDataFolder, privateFileMode } from './private-files.ts';
import { whyNotWritten } from './write-refusal.ts';

/** Encrypts with a key that the operating system keeps for this user. */
export interface Sealer {
  /** Null where this machine has no such key. */
  seal(text: string): Promise<string | null>;
  /** Rejects where the key is not the one that it was sealed with. */
  unseal(sealed: string): Promise<string>;
}

export interface StoredSecret {
  readonly name: string;
  /** `environment` goes before the others. `sealed`: with the keychain of the operating system, readable by the desktop app alone. */
  readonly where: 'environment' | 'file' | 'sealed';
  /** Milliseconds since 1970; null for one of the environment. */
  readonly since: number | null;
  /** Its text can be had by whoever asks here. */
  readonly isReadable: boolean;
}

type Entry = { readonly since: number } & ({ readonly text: string } | { readonly sealed: string });
interface SecretsFile {
  readonly format: 'millrace/secrets';
  readonly formatVersion: 1;
  readonly secrets: { readonly [name: string]: Entry };
}

const lockWaitMs = 25;
const lockTries = 200;
/** Nobody takes so long to write a small file. */
const staleLockMs = 10_000;

export class Secrets {
  readonly #folder: string;
  readonly #sealer: Sealer | null;
  readonly #environment: NodeJS.ProcessEnv;

  /** `sealer` is null where nothing can be sealed or unsealed: on the command line, and in the browser host. */
  constructor(folder: string, sealer: Sealer | null = null, environment: NodeJS.ProcessEnv = process.env) {
    this.#folder = folder;
    this.#sealer = sealer;
    this.#environment = environment;
  }

  get path(): string {
    return join(this.#folder, 'secrets.json');
  }

  /** By name. Throws `secret/store` where the file cannot be read. */
  list(): StoredSecret[] {
    const file = this.#read();
    const find = (name: string) => this.find(secretReference(name), file);
    const names = new Map(Object.keys(file.secrets).map((name) => [name, find(name)]));
    for (const [variable, text] of Object.entries(this.#environment)) {
      const [, name] = /^MILLRACE_SECRET_([A-Z][A-Z0-9_]{0,63})$/.exec(variable) ?? [];
      if (name === undefined || !text) continue;
      // `-` in a name is `_` in the environment: one that is stored keeps the name that it has.
      const isListed = [...names.keys()].some((each) => secretVariable(each) === variable);
      if (!isListed) names.set(name.toLowerCase(), find(name.toLowerCase()));
    }
    return [...names.values()].filter((secret) => secret !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** All that can be referred to, environment variables by their own names included. */
  references(): { readonly reference: string; readonly isReadable: boolean }[] {
    const stored = this.list().map(({ name, isReadable }) => ({ reference: secretReference(name), isReadable }));
    const variables = Object.keys(this.#environment).filter((name) => this.#environment[name] && !name.startsWith('MILLRACE_SECRET_'));
    return [...stored, ...variables.map((name) => ({ reference: variableReference(name), isReadable: true }))];
  }

  /** Null for one that is not there. */
  find(reference: string, file?: SecretsFile): StoredSecret | null {
    const found = readSecretReference(reference);
    if (!found) return null;
    const { name } = found;
    const variable = found.from === 'environment' ? name : secretVariable(name);
    if (this.#environment[variable]) return { name, where: 'environment', since: null, isReadable: true };
    const entry = found.from === 'secret' ? this.#entry(name, file) : undefined;
    if (!entry) return null;
    const isSealed = 'sealed' in entry;
    return { name, where: isSealed ? 'sealed' : 'file', since: entry.since, isReadable: !isSealed || this.#sealer !== null };
  }

  /** Differs when one of them was set again. */
  stamp(references: readonly string[]): string {
    const file = this.#read();
    const found = references.map((reference) => [reference, this.find(reference, file)] as const);
    return found.map(([reference, secret]) => `${reference} ${secret?.where} ${secret?.since}`).join(' ');
  }

  /** By reference. Rejects with `secret/missing`, `secret/sealed` or `secret/unseal` where one of them cannot be had. */
  async texts(references: readonly string[]): Promise<{ readonly [reference: string]: string }> {
    return Object.fromEntries(await Promise.all(references.map(async (reference) => [reference, await this.#text(reference)] as const)));
  }

  /** Stores a secret, sealed where that is possible. */
  async set(name: string, text: string): Promise<StoredSecret> {
    refuseName(name);
    if (text === '')
      throw new MillraceError({
        code: 'secret/empty',
        message: 'The secret has no text.',
        hint: 'Enter its text; to remove it, use "millrace secrets remove".',
      });
    const sealed = (await this.#sealer?.seal(text)) ?? null;
    const entry: Entry = sealed === null ? { text, since: Date.now() } : { sealed, since: Date.now() };
    await this.#change((secrets) => ({ ...secrets, [name]: entry }));
    return { name, where: sealed === null ? 'file' : 'sealed', since: entry.since, isReadable: true };
  }

  /** False where the file has none of that name. */
  async remove(name: string): Promise<boolean> {
    if (!this.#entry(name)) return false;
    await this.#change(({ [name]: _, ...others }) => others);
    return true;
  }

  async #text(reference: string): Promise<string> {
    const found = readSecretReference(reference);
    const missing = () => {
      const hint = found?.from === 'environment' ? 'Set it before Millrace is started.' : `Set it: millrace secrets set ${found?.name ?? 'NAME'}`;
      return new MillraceError({ code: 'secret/missing', message: `There is no text for ${describeReference(reference)} on this machine.`, hint });
    };
    if (!found) throw missing();
    const variable = this.#environment[found.from === 'environment' ? found.name : secretVariable(found.name)];
    if (variable) return variable;
    const entry = found.from === 'secret' ? this.#entry(found.name) : undefined;
    if (!entry) throw missing();
    if ('text' in entry) return entry.text;
    if (!this.#sealer) {
      const message = `The secret "${found.name}" was sealed by the desktop app, and only that can read it.`;
      const hint = `Set ${secretVariable(found.name)}, or store it for here: millrace secrets set ${found.name}`;
      throw new MillraceError({ code: 'secret/sealed', message, hint });
    }
    try {
      return await this.#sealer.unseal(entry.sealed);
    } catch {
      const message = `The secret "${found.name}" cannot be read any more: it was sealed with another key than the keychain of this user has now.`;
      throw new MillraceError({ code: 'secret/unseal', message, hint: 'Enter it again.' });
    }
  }

  #entry(name: string, { secrets }: SecretsFile = this.#read()): Entry | undefined {
    return Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  }

  #read(): SecretsFile {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { format: 'millrace/secrets', formatVersion: 1, secrets: {} };
      throw broken(this.path, (error as NodeJS.ErrnoException).code ?? 'it cannot be opened');
    }
    try {
      const file = JSON.parse(text) as SecretsFile;
      if (file.format === 'millrace/secrets' && file.formatVersion === 1 && Object.values(file.secrets).every(isEntry)) return file;
    } catch {
      // Its message would repeat what stands there.
    }
    throw broken(this.path, 'it is damaged, or of another version');
  }

  async #change(change: (secrets: SecretsFile['secrets']) => SecretsFile['secrets']): Promise<void> {
    ownDataFolder(this.#folder);
    const unlock = await lock(`${this.path}.lock`);
    try {
      const file = this.#read();
      await writeFileAtomic(this.path, `${JSON.stringify({ ...file, secrets: change(file.secrets) }, null, 2)}\n`, { mode: privateFileMode });
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      throw new MillraceError({
        code: 'secret/store',
        message: `The secret was not stored in ${this.path}: ${whyNotWritten(error)}.`,
        hint: 'Make room there, or give yourself the right to write.',
      });
    } finally {
      unlock();
    }
  }
}

/** Two that write at once must not undo each other's change. */
async function lock(path: string): Promise<() => void> {
  for (let tries = 0; ; tries++) {
    try {
      closeSync(openSync(path, 'wx', privateFileMode));
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries >= lockTries) {
        throw new MillraceError({
          code: 'secret/store',
          message: `Secrets cannot be written: ${whyNotWritten(error)}.`,
          hint: `If nothing else writes them, remove ${path}.`,
        });
      }
    }
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > staleLockMs) rmSync(path, { force: true });
    await wait(lockWaitMs);
  }
}

function refuseName(name: string): void {
  if (secretName.test(name)) return;
  const message = 'A secret cannot have this name.';
  throw new MillraceError({ code: 'secret/name', message, hint: 'Use a-z, 0-9, _ and -, at most 64 of them, and begin with a letter: warehouse_password.' });
}

function isEntry(entry: unknown): boolean {
  const { text, sealed, since } = (entry ?? {}) as Record<string, unknown>;
  return typeof since === 'number' && (typeof text === 'string' || typeof sealed === 'string');
}

function broken(path: string, why: string): MillraceError {
  return new MillraceError({
    code: 'secret/store',
    message: `${path} cannot be read: ${why}.`,
    hint: 'Restore it from a copy, or remove it and set the secrets again.',
  });
}
