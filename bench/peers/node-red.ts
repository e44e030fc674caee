/**
 * J2 as one would draw it in Node-RED, run without its editor: file in -> csv -> function -> sqlite, a message for each row.
 * `node node-red.ts RED INPUT OUTPUT ROWS each|all`: ends when so many rows are in the table, and writes the seconds from the
 * first message on to OUTPUT.seconds. `each`: a transaction for each row, which is what the sqlite node does by itself; `all`: one
 * for all rows, for which a BEGIN and a COMMIT are drawn around them.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [red, input, output, rows, transactions] = process.argv.slice(2) as [string, string, string, string, 'each' | 'all'];

const columns = ['time', 'id', 'region', 'temperature', 'humidity', 'status', 'note', 'fahrenheit', 'dew_point', 'level'];
const types = ['TIMESTAMP', 'TEXT', 'TEXT', 'REAL', 'REAL', 'TEXT', 'TEXT', 'REAL', 'REAL', 'TEXT'];
const create = `CREATE TABLE readings (${columns.map((name, i) => `${name} ${types[i]}`).join(', ')});`;
const insert = `INSERT INTO readings VALUES (${columns.map((name) => `$${name}`).join(', ')})`;

const step = `const row = msg.payload;
if (!(row.status !== 'error' && typeof row.temperature === 'number' && row.temperature > 10)) return null;
msg.params = {
  $time: row.time, $id: row.id, $region: row.region, $temperature: row.temperature, $humidity: row.humidity, $status: row.status,
  $note: row.note || null,
  $fahrenheit: row.temperature * 1.8 + 32,
  $dew_point: row.temperature - (100 - row.humidity) / 5,
  $level: row.temperature > 28 ? 'hot' : row.temperature > 18 ? 'warm' : 'mild',
};
return msg;`;
const begin = `context.flow.started = Date.now();
msg.topic = ${JSON.stringify(transactions === 'all' ? `${create} BEGIN` : create)};
return msg;`;
const count = `context.count = (context.count || 0) + 1;
if (context.count < ${rows}) return null;
return { topic: '${transactions === 'all' ? 'COMMIT' : 'SELECT 1'}' };`;
const end = `node.warn('WRITTEN IN ' + (Date.now() - context.flow.started) + ' ms');`;

const box = (id: string, type: string, to: string | null, more: object) => ({ id, type, z: 'flow', wires: to ? [[to]] : [], x: 0, y: 0, ...more });
const code = (id: string, func: string, to: string | null) => box(id, 'function', to, { func, outputs: to ? 1 : 0, timeout: 0, libs: [] });
const query = (id: string, sqlquery: string, to: string, sql = '') => box(id, 'sqlite', to, { mydb: 'database', sqlquery, sql });
const flow = [
  { id: 'flow', type: 'tab', label: 'J2' },
  { id: 'database', type: 'sqlitedb', db: output, mode: 'RWC' },
  box('start', 'inject', 'begin', { props: [{ p: 'payload' }], once: true, onceDelay: 0.1, payloadType: 'date' }),
  code('begin', begin, 'make'),
  query('make', 'batch', 'file'),
  box('file', 'file in', 'csv', { filename: input, filenameType: 'str', format: 'utf8', encoding: 'none' }),
  box('csv', 'csv', 'step', { spec: 'rfc', sep: ',', hdrin: true, multi: 'one', strings: true, temp: '', skip: '0', include_null_values: true }),
  code('step', step, 'insert'),
  query('insert', 'prepared', 'count', insert),
  code('count', count, 'finish'),
  query('finish', 'batch', 'end'),
  code('end', end, null),
];

const place = mkdtempSync(join(tmpdir(), 'millrace-node-red-'));
const settings = { flowFile: 'flow.json', httpAdminRoot: false, httpNodeRoot: false, logging: { console: { level: 'warn' } } };
writeFileSync(join(place, 'flow.json'), JSON.stringify(flow));
writeFileSync(join(place, 'settings.js'), `module.exports = ${JSON.stringify(settings)};`);
mkdirSync(join(place, 'node_modules'));
symlinkSync(join(red, '../../node-red-node-sqlite'), join(place, 'node_modules', 'node-red-node-sqlite'));

const child = spawn(process.execPath, [red, '--userDir', place, '--settings', join(place, 'settings.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
let text = '';
let isWritten = false;
child.stdout.setEncoding('utf8').on('data', (part: string) => {
  text += part;
  const written = /WRITTEN IN (\d+) ms/.exec(text);
  if (!written || isWritten) return;
  isWritten = true;
  writeFileSync(`${output}.seconds`, String(Number(written[1]) / 1000));
  child.kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill());
child.once('close', () => {
  rmSync(place, { recursive: true, force: true });
  if (!isWritten) process.stderr.write(`Node-RED ended too early:\n${text}`);
  process.exit(isWritten ? 0 : 1);
});
