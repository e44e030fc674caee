/** CSV -> SQLite, typed. */
import { eachReading } from './csv.ts';
import { table } from './sqlite.ts';

const [input, output] = process.argv.slice(2) as [string, string];
const out = table(output, ['time TIMESTAMP', 'id TEXT', 'region TEXT', 'temperature REAL', 'humidity REAL', 'status TEXT', 'note TEXT']);
eachReading(input, (row) => out.insert(row.time, row.id, row.region, row.temperature, row.humidity, row.status, row.note));
out.end();
