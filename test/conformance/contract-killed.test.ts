/** The suite's crashes throw a writer away within its process. Here the process is killed, with all that the system does then. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SinkDefinition } from '@millrace/kit/node';
import { type SinkHarness, SinkTrial } from '@millrace/kit/testing/sink-trial';
import { afterEach, beforeEach, expect, it } from 'vitest';
import csvOutput from '../../nodes/csv/csv-output.ts';
import sqliteTable from '../../nodes/sqlite/sqlite-table.ts';
import csv from './contracts/csv-output.ts';
import sqlite from './contracts/sqlite-table.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-killed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sinks: readonly (readonly [string, SinkDefinition<any>, SinkHarness])[] = [
  ['csv-output', csvOutput, csv['a file that is added to']],
  ['sqlite-table', sqliteTable, sqlite['a table that is added to']],
];

it.each(sinks)('%s goes on after SIGKILL with a checkpoint that was decided', async (type, definition, harness) => {
  const trial = new SinkTrial(folder, definition, harness, { decides: false });
  await trial.begin();
  const words = [
    join(import.meta.dirname, 'killed-writer.ts'),
    join(import.meta.dirname, `../../nodes/${type.split('-')[0]}/${type}.ts`),
    JSON.stringify(harness.params),
    folder,
  ];
  const killed = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', '']);
  await trial.expectShown([-1, 0, 1, 2], 'after the kill');
  const { run, writer } = await trial.open({}, { checkpoint: 2, token: JSON.parse(killed.stdout) });
  await trial.write(writer, 6, 8);
  await trial.checkpoint(writer, 3);
  await run.close();
  await trial.expectShown([-1, 0, 1, 2, 3, 4, 5, 6, 7], 'after the run that went on');
});
