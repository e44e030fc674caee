import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryFile } from '../engine/processes/entries.ts';
import type { RunSummary } from '../engine/protocol/messages.ts';
import type { Problem } from '../model/problems/problem.ts';

/** What Millrace keeps of its own, for command lines of this process that are given no other place. */
export const dataFolder = mkdtempSync(join(tmpdir(), 'millrace-data-'));
process.on('exit', () => rmSync(dataFolder, { recursive: true, force: true }));

/** Runs the built command line in a folder. `onOutput` hears of all that it has printed so far, and may stop it as Ctrl+C does. */
export function millrace(
  args: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv = {},
  onOutput: (output: string, stop: () => void) => void = () => {},
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [entryFile('cli'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { MILLRACE_DATA: dataFolder, ...process.env, ...env },
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      onOutput(output, () => child.kill('SIGINT'));
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    child.on('error', failed);
    child.on('close', (code) => done({ code, output, errors }));
  });
}

/** Resolves when what a program says on its standard output matches; rejects where it ends before. */
export function says(child: ChildProcess, words: RegExp): Promise<RegExpExecArray> {
  return new Promise((found, failed) => {
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const match = words.exec(text);
      if (match) found(match);
    });
    child.once('close', (code) => failed(new Error(`It ended with ${code} before it said ${words}: ${text}`)));
  });
}

export type RunResult = RunSummary | { readonly state: 'refused'; readonly problems: readonly Problem[] };

/** Runs a pipeline file in processes of its own, and gives the summary that `--json` prints. */
export async function runPipeline(file: string, folder: string): Promise<{ readonly code: number | null; readonly result: RunResult }> {
  const { code, output, errors } = await millrace(['run', file, '--json'], folder);
  try {
    return { code, result: JSON.parse(output) as RunResult };
  } catch {
    throw new Error(`millrace run ${file} ended with code ${code} and no summary:\n${output}\n${errors}`);
  }
}
