/**
 * The command line. What a command needs is imported when it is used: start-up counts. Exit codes: 0 done, 1 failed,
 * 2 bad input (a wrong option, file or pipeline), 130 interrupted (SIGTERM: 143, SIGHUP: 129).
 */
import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { memorySize } from '../../model/text/memory-size.ts';
import { visibleLines } from '../../model/text/visible-text.ts';
import { entryFile } from '../processes/entries.ts';
import { problemOf } from '../protocol/connection.ts';

// Compiled code is kept between calls, of this process and of those that it starts: a fifth of the start-up.
process.env['NODE_COMPILE_CACHE'] ??= enableCompileCache().directory;

// Whoever reads along may leave (`| head`): what a command does goes on, and ends with the code that it would have had.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const program = new Command('millrace')
  .description('Build streaming data pipelines by drag and drop, see the rows at every node, run them anywhere.')
  .version(version(), '-v, --version', 'print the version')
  .showHelpAfterError('(--help shows the usage)')
  // What was typed, or came from a script or a name of a file, is repeated in errors.
  .configureOutput({ writeErr: (text) => process.stderr.write(visibleLines(text)) })
  .exitOverride();

program
  .command('run')
  .description(
    'Run a pipeline to its end, or until it is stopped. Progress goes to stderr, the summary to stdout. Ctrl+C makes a last checkpoint of a pipeline that commits with checkpoints, and stops it; the next run resumes from there (exit code 130; SIGTERM: 143). A second Ctrl+C ends it at once. Other pipelines are cancelled.',
  )
  .argument('<file>', 'a pipeline (*.millrace.json); its relative paths start at its folder')
  .option('-s, --set <name=value>', 'set a parameter of the pipeline; may be given several times', collectSetting)
  .option('-e, --env <name>', 'use the connections as they are in this environment')
  .option('--json', 'print the summary as JSON')
  .option('--explain', 'print how the pipeline would run, without running it')
  .option('--from <where>', 'latest, scratch, or the number of a checkpoint (latest if there is one)', checkpointReference)
  .option('--checkpoint-every <time>', 'time between checkpoints: 500ms, 5s, 2m (5s)', timeSpan)
  .option('--commit <when>', 'end: all or nothing at the end; checkpoint: with every checkpoint', commitMode)
  .option('--drop-changed-state', 'resume after an edit, without the state of nodes that it does not fit any more')
  .option('--accept-duplicates', 'resume from a checkpoint older than what a database holds: later rows are then written twice')
  .option('--keep-errors', 'continue after rows that fail: nodes that would stop the run keep them in the errors table instead')
  .option('--keep-checkpoints <count>', 'checkpoints to keep, at least 2 (3)', checkpointCount)
  .option('--state-memory <size>', 'memory for the state of all nodes: 512MB, 2GB, or 10% of the machine; state beyond that is kept on disk', memoryAmount)
  .option(
    '--instances <count>',
    'threads: for each stage that can be split by its keys (1, or as many as the checkpoint has), or for parts of one large input (one for each core, where rows go into a database)',
    instanceCount,
  )
  .option('--group <name>', 'be one of several instances, on this machine, that share the partitions of the topics which the pipeline reads')
  .option(
    '--shares <count>',
    'with --group, for a new one: into how many shares to divide the partitions, at least as many as there will be instances (4)',
    shareCount,
  )
  .option('--metrics <port>', 'serve metrics for Prometheus to this machine (0: a free port)', portNumber)
  .option('--replay-errors', 'replay the failed rows that wait in the errors table, with the state that the run resumes with; see "millrace replay"')
  .option('-d, --detach', 'start it in the background and return')
  .addHelpText(
    'after',
    examples(
      ['millrace run readings.millrace.json', 'run it'],
      ['millrace run report.millrace.json --set region=north --set year=2026', 'with parameters'],
      ['millrace run report.millrace.json --json | jq .outputs', 'what it wrote, for a script'],
      ['millrace run orders.millrace.json --detach', 'in the background; see "millrace runs"'],
      ['millrace run orders.millrace.json --group orders', 'as one instance of a group: start it several times'],
      ['millrace run orders.millrace.json --metrics 9464', 'with metrics at http://127.0.0.1:9464/metrics'],
    ),
  )
  .action(async (file: string, options) => exitWith(await (await import('./run.ts')).run(file, options)));

const runs = program
  .command('runs')
  .description('Runs in the background, in the editor and in other terminals, and runs that have ended.')
  .addHelpText('after', examples(['millrace runs', 'current and past runs'], ['millrace runs show 3f2a', 'the run whose id begins with this']));
runs
  .command('list', { isDefault: true })
  .description('List the current runs and the latest ones that have ended.')
  .option('--all', 'all runs in the history')
  .option('--json', 'print them as JSON')
  .addHelpText('after', examples(['millrace runs', 'current and past runs'], ['millrace runs --json | jq ".[0].checkpoint"', 'for a script']))
  .action(async (options) => exitWith(await (await import('./runs.ts')).listRuns(options)));
runs
  .command('show')
  .description('Show one run: its nodes, what it wrote, its errors and its history.')
  .argument('<id>', 'the first letters of its id, or the name or file of its pipeline')
  .option('--json', 'print it as JSON, with its counters over time')
  .addHelpText('after', examples(['millrace runs show 3f2a', 'the run whose id begins with this']))
  .action(async (id: string, options) => exitWith(await (await import('./runs.ts')).showRun(id, options)));

runs
  .command('attach')
  .description('Show the progress of a run until it ends. Ctrl+C leaves it running.')
  .argument('<id>', 'the first letters of its id, or the name or file of its pipeline')
  .option('--json', 'print the summary as JSON')
  .addHelpText(
    'after',
    examples(['millrace runs attach 3f2a', 'the run whose id begins with this'], ['millrace runs attach "Hot days"', 'the run of this pipeline']),
  )
  .action(async (id: string, options) => exitWith(await (await import('./runs.ts')).attachRun(id, options)));

runs
  .command('stop')
  .description('Stop a run with a checkpoint, from which it resumes when it is started again, and wait for its end. A run without checkpoints is cancelled.')
  .argument('<id>', 'the first letters of its id, or the name or file of its pipeline')
  .addOption(new Option('--drain', 'stop reading, send on all rows that are held, and commit, as at the end of the input').conflicts('cancel'))
  .option('--cancel', 'at once: back to the last commit')
  .addHelpText(
    'after',
    examples(['millrace runs stop 3f2a', 'with a checkpoint'], ['millrace runs stop orders.millrace.json --drain', 'let open windows fire']),
  )
  .action(async (id: string, options) => exitWith(await (await import('./runs.ts')).stopRun(id, options)));

for (const [name, description] of [
  ['pause', 'Pause a run: it stops reading, and keeps its position, its state and its checkpoints.'],
  ['resume', 'Resume a paused run.'],
  ['checkpoint', 'Make a checkpoint of a run now.'],
] as const) {
  runs
    .command(name)
    .description(description)
    .argument('<id>', 'the first letters of its id, or the name or file of its pipeline')
    .addHelpText('after', examples([`millrace runs ${name} 3f2a`, 'the run whose id begins with this']))
    .action(async (id: string) => exitWith(await (await import('./runs.ts')).controlRun(id, name)));
}

runs
  .command('states')
  .description('List the state kept for pipelines so that they can resume: checkpoints and large state, also of files that were moved or deleted.')
  .option('--json', 'print them as JSON')
  .addHelpText('after', examples(['millrace runs states', 'its pipeline, size and age']))
  .action(async (options) => exitWith(await (await import('./states.ts')).listStates(options)));
runs
  .command('forget')
  .description('Remove the state kept for pipelines. Their next run starts from scratch; their outputs stay.')
  .argument('[state...]', 'the first letters of its id, or the name or file of its pipeline; see "millrace runs states"')
  .option('--missing', 'of all pipelines whose file is not where it was (is every drive connected?)')
  .option('--force', 'also of pipelines whose file is still there')
  .addHelpText(
    'after',
    examples(['millrace runs forget --missing', 'of pipelines that are gone'], ['millrace runs forget orders.millrace.json --force', 'of one that is there']),
  )
  .action(async (names: string[], options) => exitWith(await (await import('./states.ts')).forgetStates(names, options)));

program
  .command('replay')
  .description(
    'Replay rows that failed and were kept in the errors table, after you have fixed their node. The results are added to the outputs; each row is replayed once. A stream, or a node that keeps state, has to replay them in its own run: "millrace run FILE --replay-errors", or --restart while it runs.',
  )
  .argument('<file>', 'a pipeline (*.millrace.json)')
  .option('-n, --node <id>', 'only rows that failed at this node')
  .option('--only <ids>', 'only these rows: their ids in the errors table, separated by commas', rowIds)
  .option('--errors <file>', 'the errors table, if it is not the one beside the pipeline')
  .option('-s, --set <name=value>', 'set a parameter of the pipeline; may be given several times', collectSetting)
  .option('-e, --env <name>', 'use the connections as they are in this environment')
  .option('--restart', 'stop the running pipeline with a checkpoint, and resume it in the background with these rows')
  .option('--dry-run', 'print which rows can be replayed, without changing anything')
  .option('--json', 'print the result as JSON')
  .addHelpText(
    'after',
    examples(
      ['millrace replay orders.millrace.json --dry-run', 'what waits'],
      ['millrace replay orders.millrace.json', 'all of it'],
      ['millrace replay orders.millrace.json --node prices --only 3,4', 'two rows of one node'],
      ['millrace replay orders.millrace.json --restart', 'into a running stream'],
    ),
  )
  .action(async (file: string, options) => exitWith(await (await import('./replay.ts')).replay(file, options)));

program
  .command('validate')
  .description('Check a pipeline without running it: its graph, params, columns, the types of its code, and with --rows every row that it reads.')
  .argument('<file>', 'a pipeline (*.millrace.json)')
  .option('-s, --set <name=value>', 'set a parameter of the pipeline; may be given several times', collectSetting)
  .option('-e, --env <name>', 'use the connections as they are in this environment')
  .option('--look', 'read the files that it names although it is not trusted')
  .option('--rows', 'read all rows of its files, and print those that do not fit their columns (exit code 1); implies --look')
  .option('--json', 'print the check as JSON')
  .addHelpText(
    'after',
    examples(
      ['millrace validate readings.millrace.json', 'print what is wrong, and where'],
      ['millrace validate readings.millrace.json --rows', 'read every row first, as "Check all rows" in the editor does'],
    ),
  )
  .action(async (file: string, options) => exitWith(await (await import('./validate.ts')).validate(file, options)));

program
  .command('inspect')
  .description('Show what a pipeline would read, write, run, listen on and reach. Only the file itself is read.')
  .argument('<file>', 'a pipeline (*.millrace.json)')
  .option('-e, --env <name>', 'use the connections as they are in this environment')
  .option('--json', 'print it as JSON')
  .addHelpText('after', examples(['millrace inspect theirs.millrace.json', 'before it is trusted or run']))
  .action(async (file: string, options) => exitWith(await (await import('./inspect.ts')).inspect(file, options)));

program
  .command('explain')
  .description('Explain the code of an error: what it means, what happens, and what to do.')
  .argument('<code>', 'such as file/missing')
  .addHelpText('after', examples(['millrace explain file/missing', 'as in docs/errors.md']))
  .action(async (code: string) => exitWith((await import('./explain.ts')).explain(code)));

const trust = program.command('trust').description('Which pipelines may read, write and run when they are opened.');
trust
  .command('list', { isDefault: true })
  .description('List what is trusted, and whether it still exists.')
  .option('--json', 'print it as JSON')
  .addHelpText('after', examples(['millrace trust', 'what is trusted']))
  .action(async (options) => exitWith(await (await import('./trust.ts')).listTrust(options)));
trust
  .command('add')
  .description('Trust pipelines as they are now, or all in a folder and below, also those that are added or changed later.')
  .argument('<path...>', 'pipelines (*.millrace.json), or folders')
  .option('--force', 'also a folder that holds more than your pipelines, such as your home folder, and pipelines whose paths are links to elsewhere')
  .addHelpText('after', examples(['millrace trust add theirs.millrace.json', 'one, until it changes'], ['millrace trust add ~/pipelines', 'a folder']))
  .action(async (paths: string[], options) => exitWith(await (await import('./trust.ts')).addTrust(paths, options)));
trust
  .command('remove')
  .description('Revoke trust. Runs that have been started continue.')
  .argument('[path...]', 'as "millrace trust list" shows them')
  .option('--all', 'all of it')
  .addHelpText('after', examples(['millrace trust remove ~/pipelines', 'a folder'], ['millrace trust remove --all', 'everything']))
  .action(async (paths: string[], options) => exitWith(await (await import('./trust.ts')).removeTrust(paths, options)));

const secrets = program
  .command('secrets')
  .description('Secrets of connections: passwords and tokens. They are kept for this user alone; files of pipelines hold only their names.');
secrets
  .command('list', { isDefault: true })
  .description('List their names, where they are kept, and which connections of this folder use them.')
  .option('--json', 'print them as JSON')
  .addHelpText('after', examples(['millrace secrets', 'all of them']))
  .action(async (options) => exitWith(await (await import('./secrets.ts')).listSecrets(options)));
secrets
  .command('set')
  .description('Store a secret. Its text is asked for without being shown, or read from standard input; it is never an argument, which others could see.')
  .argument('<name>', 'a-z, 0-9, _ and -: warehouse_password')
  // The command refuses them itself: what is given here may be the secret, and is not repeated.
  .allowExcessArguments()
  .addHelpText(
    'after',
    examples(['millrace secrets set warehouse_password', 'asks for the text'], ['millrace secrets set warehouse_password < file', 'from a file']),
  )
  .action(async (name: string, _options, { args }: Command) => exitWith(await (await import('./secrets.ts')).setSecret(name, args.length)));
secrets
  .command('remove')
  .description('Remove secrets. What uses them asks for them again.')
  .argument('<name...>', 'as "millrace secrets list" shows them')
  .addHelpText('after', examples(['millrace secrets remove warehouse_password', 'one']))
  .action(async (names: string[]) => exitWith(await (await import('./secrets.ts')).removeSecrets(names)));

program
  .command('preview')
  .description(
    'Show the rows at a node, made from the first rows of each source. Nothing is written. Its files are read and its code is run, whether or not it is trusted: see "millrace inspect".',
  )
  .argument('<file>', 'a pipeline (*.millrace.json)')
  .requiredOption('-n, --node <id>', 'the node')
  .option('-p, --port <name>', 'its output port (the first one if left out)')
  .option('-r, --rows <count>', 'rows to show at most', positiveInteger, 20)
  .option('-e, --env <name>', 'use the connections as they are in this environment')
  .option('--json', 'print schema and rows as JSON')
  .addHelpText(
    'after',
    examples(
      ['millrace preview readings.millrace.json --node hot', 'the rows that leave "hot"'],
      ['millrace preview readings.millrace.json --node hot --port errors --rows 5', 'rows that failed at it'],
    ),
  )
  .action(async (file: string, options) => exitWith(await (await import('./preview.ts')).preview(file, options)));

program
  .command('nodes')
  .description('List the nodes that a pipeline may use, or describe one.')
  .argument('[type]', 'a node type')
  .option('--json', 'print the catalogue, or the node, as JSON')
  .addHelpText('after', examples(['millrace nodes', 'all of them'], ['millrace nodes filter', 'one with its ports, params and docs']))
  .action(async (type: string | undefined, options) => exitWith(await (await import('./nodes.ts')).nodes(type, options)));

program
  .command('new-node')
  .description('Start a new node: one file, copied from the template (in a checkout of Millrace).')
  .argument('<kind>', 'source, transform or sink')
  .argument('<name>', 'its type, in kebab-case: moving-average')
  .option('--family <folder>', 'the folder of nodes/ that it belongs to (one of its own if left out)')
  .addHelpText('after', examples(['millrace new-node transform moving-average', 'makes nodes/moving-average/moving-average.ts']))
  .action(async (kind: string, name: string, { family }: { family?: string }) => exitWith(await (await import('./new-node.ts')).newNode(kind, name, family)));

program
  .command('serve')
  .description('Serve the editor to a browser on this machine. Prints its address.')
  .option('--port <number>', 'the port (a free one if left out)', portNumber)
  .option('--open <file>', 'a pipeline to open at start')
  .option('--browser', 'open the address in the browser')
  .addHelpText('after', examples(['millrace serve', 'at a free port'], ['millrace serve --port 8100 --open readings.millrace.json', 'with a pipeline']))
  .action(async (options) => exitWith(await (await import('./serve.ts')).serve(options)));

void main();

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has printed its own message by then; help and version are no errors.
    if (error instanceof CommanderError) return exitWith(error.exitCode === 0 ? 0 : 2);
    const { message, hint } = problemOf(error);
    process.stderr.write(`millrace: ${visibleLines(`${message}${hint ? `\n  ${hint}` : ''}`)}\n`);
    exitWith(2);
  }
}

/** Ends now, whatever threads and processes are still idle, but not before the output has been flushed. */
function exitWith(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

function version(): string {
  const file = join(dirname(entryFile('cli')), '..', '..', 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'unknown';
}

function collectSetting(text: string, settings: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must have the form name=value.');
  return { ...settings, [text.slice(0, at)]: text.slice(at + 1) };
}

function positiveInteger(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100_000) throw new InvalidArgumentError('It must be a whole number from 1 to 100000.');
  return count;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}

function checkpointReference(text: string): 'latest' | 'scratch' | number {
  if (text === 'latest' || text === 'scratch') return text;
  const id = Number(text);
  if (!Number.isInteger(id) || id < 1) throw new InvalidArgumentError('It must be latest, scratch, or the number of a checkpoint.');
  return id;
}

function commitMode(text: string): 'end' | 'checkpoint' {
  if (text === 'end' || text === 'checkpoint') return text;
  throw new InvalidArgumentError('It must be end or checkpoint.');
}

function checkpointCount(text: string): number {
  const found = Number(text);
  if (!Number.isInteger(found) || found < 2 || found > 1000) throw new InvalidArgumentError('It must be a whole number from 2 to 1000.');
  return found;
}

/** Of what can be split by keys. */
function instanceCount(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new InvalidArgumentError('It must be auto, or a number from 1 to 64.');
  return count;
}

function shareCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new InvalidArgumentError('It must be a number from 1 to 64.');
  return count;
}

function memoryAmount(text: string): string {
  if (memorySize(text) === null) throw new InvalidArgumentError('It must be an amount of memory, such as 512MB, 2GB or 25%.');
  return text;
}

/** In milliseconds. A number without a unit is one of seconds. */
function timeSpan(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim());
  const ms = match ? Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3600_000 }[(match[2] ?? 's') as 'ms' | 's' | 'm' | 'h'] : Number.NaN;
  if (!(ms >= 100 && ms <= 24 * 3600_000)) throw new InvalidArgumentError('It must be a time from 100ms to 24h, such as 500ms, 5s or 2m.');
  return Math.round(ms);
}

function rowIds(text: string): number[] {
  const ids = text.split(',').map((part) => Number(part.trim() || Number.NaN));
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 1)) throw new InvalidArgumentError('It must be numbers separated by commas, such as 3,4.');
  return ids;
}

function examples(...lines: (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`).join('\n')}\n`;
}
