/** `millrace secrets`: the texts behind the names that files of connections hold. */
import { MillraceError } from '../../model/problems/problem.ts';
import { secretName, secretReference, secretVariable } from '../../model/text/secret-reference.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import { connectionsFileName } from '../document/connections.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Secrets, type StoredSecret } from '../store/secrets.ts';
import { readConnectionsFile } from '../workbench/connections-file.ts';
import { age, alignedTable } from './report.ts';

const interrupted = 130;

/** 0. Never prints a text. */
export async function listSecrets(options: { readonly json?: boolean }): Promise<number> {
  const secrets = new Secrets(dataFolder()).list();
  const { connections } = await readConnectionsFile(process.cwd());
  const usedBy = (name: string) =>
    Object.entries({ ...connections.connections }).flatMap(([connection, { params }]) => {
      const overlays = Object.values(connections.environments).map((environment) => environment[connection]?.params);
      return JSON.stringify([params, ...overlays]).includes(JSON.stringify(secretReference(name))) ? [connection] : [];
    });
  if (options.json) process.stdout.write(`${visibleJson(secrets.map((secret) => ({ ...secret, usedBy: usedBy(secret.name) })))}\n`);
  else if (secrets.length === 0) process.stdout.write('There are no secrets yet. "millrace secrets set NAME" stores one.\n');
  else {
    const rows = secrets.map((secret) => [
      secret.name,
      placeOf(secret),
      secret.since === null ? '' : `${age(secret.since)} ago`,
      usedBy(secret.name).join(', '),
    ]);
    process.stdout.write(`${alignedTable(['name', 'kept', 'since', `used by (in ${connectionsFileName} here)`], rows, [false, false, true, false], 1000)}\n`);
  }
  return 0;
}

/** 0; 130 where it was interrupted while it asked. */
export async function setSecret(name: string, given = 1): Promise<number> {
  const secrets = new Secrets(dataFolder());
  // Before somebody has typed a text that cannot be kept.
  if (given > 1) {
    const hint = 'It is asked for, or read from standard input. Others may have seen the one that was given: change it.';
    throw new MillraceError({ code: 'secret/name', message: 'The text of a secret is no argument: every user of this machine can see those.', hint });
  }
  if (!secretName.test(name)) {
    throw new MillraceError({
      code: 'secret/name',
      message: 'A secret cannot have this name.',
      hint: 'Use a-z, 0-9, _ and -, at most 64 of them, and begin with a letter. The text of the secret is asked for, and is no argument.',
    });
  }
  const text = process.stdin.isTTY ? await askUnseen(`Text of ${name} (not shown): `) : await readInput();
  if (text === null) return interrupted;
  await secrets.set(name, text);
  process.stdout.write(`${name} is stored in ${visible(secrets.path)}, which only you can read.\n`);
  const variable = secretVariable(name);
  if (process.env[variable]) process.stderr.write(`The environment variable ${variable} is set, and goes before it.\n`);
  return 0;
}

/** 0; throws where one of them is not there, with nothing removed. */
export async function removeSecrets(names: readonly string[]): Promise<number> {
  const secrets = new Secrets(dataFolder());
  const stored = secrets.list();
  for (const name of names) {
    const found = stored.find((each) => each.name === name);
    if (found?.since != null) continue;
    const message = found ? `${name} is set in the environment, not stored.` : `There is no secret "${visible(name)}".`;
    throw new MillraceError({ code: 'secret/unknown', message, hint: found ? `Unset ${secretVariable(name)}.` : '"millrace secrets list" shows them.' });
  }
  for (const name of names) await secrets.remove(name);
  process.stdout.write(names.map((name) => `${visible(name)} is removed.\n`).join(''));
  return 0;
}

function placeOf({ name, where, isReadable }: StoredSecret): string {
  if (where === 'environment') return `in the environment (${secretVariable(name)})`;
  if (where === 'file') return 'in a file that only you can read';
  return isReadable ? 'sealed' : 'sealed by the desktop app, readable only there';
}

/** All of standard input, without the line break that ends it. */
async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** A line from the terminal, of which nothing is shown; null for Ctrl+C. */
function askUnseen(question: string): Promise<string | null> {
  process.stderr.write(question);
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  let text = '';
  return new Promise((resolve) => {
    const end = (answer: string | null) => {
      stdin.off('data', take);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write('\n');
      resolve(answer);
    };
    const take = (typed: string) => {
      for (const sign of typed) {
        if (sign === '\r' || sign === '\n' || sign === '\x04') return end(text);
        if (sign === '\x03') return end(null);
        if (sign === '\x7f' || sign === '\b') text = [...text].slice(0, -1).join('');
        else if (sign === '\x15') text = '';
        else text += sign;
      }
    };
    stdin.on('data', take);
  });
}
