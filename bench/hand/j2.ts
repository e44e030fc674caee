/** CSV -> filter -> row function -> SQLite. */
import { eachReading, type Reading } from './csv.ts';
import { table } from './sqlite.ts';

const [input, output] = process.argv.slice(2) as [string, string];
const columns = ['time TIMESTAMP', 'id TEXT', 'region TEXT', 'temperature REAL', 'humidity REAL', 'status TEXT', 'note TEXT'];
const out = table(output, [...columns, 'fahrenheit REAL', 'dew_point REAL', 'level TEXT']);
eachReading(input, (row) => {
  if (!(row.status !== 'error' && row.temperature !== null && row.temperature > 10)) return;
  const made = step(row);
  out.insert(made.time, made.id, made.region, made.temperature, made.humidity, made.status, made.note, made.fahrenheit, made.dew_point, made.level);
});
out.end();

function step(row: Reading) {
  const fahrenheit = row.temperature! * 1.8 + 32;
  const dew_point = row.temperature! - (100 - row.humidity) / 5;
  return { ...row, fahrenheit, dew_point, level: row.temperature! > 28 ? 'hot' : row.temperature! > 18 ? 'warm' : 'mild' };
}
