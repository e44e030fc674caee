// `npm test`: every check and every test, and one closing line that counts them. `--check` runs the fast checks only.
// `--long` runs what takes long and finds little (`*.long.test.ts`) and nothing else, and files in test/long-run.json when that
// was and how it ended: every later `npm test` says so. Further arguments go to vitest: `npm test -- nodes/csv`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, nodeBinary, project } from '../bin/build.mjs';
import { findDesktop, provideBrowser } from './provide.mjs';

const checkOnly = process.argv.includes('--check');
const long = process.argv.includes('--long');
const rest = process.argv.slice(2).filter((word) => word !== '--check' && word !== '--long');
const longRun = join(project, 'test', 'long-run.json');
const output = join(project, 'test', '.output');
const report = join(output, 'vitest.json');
const bin = (name, file) => join(project, 'node_modules', name, file);
const totals = { passed: 0, failed: 0, skipped: 0 };

const product = ['model', 'kit', 'io', 'nodes', 'engine', 'electron', 'server'];
const checks = [
  ['format and lint', [bin('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('typescript', 'bin/tsc'), '-p', '.']],
  ['types of the pure layers', [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.pure.json']],
  ['layers', [bin('dependency-cruiser', 'bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.cjs', ...product, 'renderer']],
  ['floors', [bin('dependency-cruiser', 'bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.floors.cjs', ...product, 'renderer']],
  ['assertions', [join(project, 'scripts', 'assertions.mjs')]],
  ['generated files', [join(project, 'scripts', 'generate.mjs'), '--check']],
];

mkdirSync(output, { recursive: true });
if (rest.length === 0 && !long) for (const [name, command] of checks) check(name, command);
if (!checkOnly) {
  ensureBuilt();
  test();
  if (long && rest.length === 0) fileLongRun();
  else if (!long) tellLongRun();
}
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
process.exit(totals.failed > 0 ? 1 : 0);

function check(name, command) {
  const started = Date.now();
  const result = spawnSync(nodeBinary(), command, { cwd: project, encoding: 'utf8' });
  const passed = result.status === 0;
  totals[passed ? 'passed' : 'failed']++;
  process.stdout.write(`${passed ? '✓' : '✗'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  if (!passed) process.stdout.write(`${result.stdout}${result.stderr}\n`);
}

function test() {
  rmSync(report, { force: true });
  const env = { ...process.env, MILLRACE_BROWSER: provideBrowser() ?? '', MILLRACE_DESKTOP: findDesktop() ?? '', MILLRACE_LONG: long ? '1' : '' };
  const vitest = [bin('vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...rest];
  const result = spawnSync(nodeBinary(), vitest, { cwd: project, stdio: ['ignore', 'inherit', 'inherit'], env });
  if (!existsSync(report)) {
    process.stdout.write('The tests did not run to their end.\n');
    totals.failed++;
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  totals.passed += numPassedTests;
  totals.failed += numFailedTests;
  totals.skipped += numPendingTests + numTodoTests;
  for (const file of testResults) {
    for (const one of file.assertionResults) if (one.status === 'pending' || one.status === 'skipped') process.stdout.write(`skipped: ${one.fullName}\n`);
  }
  // A file that cannot even be loaded, or an error outside any test, counts as one failure.
  if (result.status !== 0 && numFailedTests === 0) totals.failed++;
}

function fileLongRun() {
  const git = (...words) => spawnSync('git', words, { cwd: project, encoding: 'utf8' }).stdout?.trim() || 'unknown';
  const ran = { at: new Date().toISOString(), commit: git('rev-parse', '--short', 'HEAD'), passed: totals.passed, failed: totals.failed };
  writeFileSync(longRun, `${JSON.stringify(ran, null, 2)}\n`);
}

function tellLongRun() {
  if (!existsSync(longRun)) {
    process.stdout.write('The long tests (npm run test:long) have not run yet.\n');
    return;
  }
  const { at, commit, passed, failed } = JSON.parse(readFileSync(longRun, 'utf8'));
  process.stdout.write(`The long tests (npm run test:long) last ran at ${at}, commit ${commit}: ${passed} passed, ${failed} failed\n`);
}
