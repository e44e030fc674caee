// `npm test`: every check and every test, and one closing line that counts them. `--check` runs the fast checks only.
// Further arguments go to vitest: `npm test -- --project unit nodes`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, nodeBinary, project } from '../bin/build.mjs';
import { findDesktop, provideBrowser } from './provide.mjs';

const checkOnly = process.argv.includes('--check');
const rest = process.argv.slice(2).filter((word) => word !== '--check');
const output = join(project, 'test', '.output');
const report = join(output, 'vitest.json');
const bin = (name, file) => join(project, 'node_modules', name, file);
const totals = { passed: 0, failed: 0, skipped: 0 };

const checks = [
  ['format and lint', [bin('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('typescript', 'bin/tsc'), '-p', '.']],
  ['types of the pure layers', [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.pure.json']],
  [
    'layers',
    [bin('dependency-cruiser', 'bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.cjs', 'engine', 'nodes', 'renderer', 'electron', 'server'],
  ],
  ['generated files', [join(project, 'scripts', 'generate.mjs'), '--check']],
];

mkdirSync(output, { recursive: true });
if (rest.length === 0) for (const [name, command] of checks) check(name, command);
if (!checkOnly) {
  ensureBuilt();
  test();
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
  const env = { ...process.env, MILLRACE_BROWSER: provideBrowser() ?? '', MILLRACE_DESKTOP: findDesktop() ?? '' };
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
