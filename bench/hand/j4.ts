/** JSON Lines -> filter -> JSON Lines: every line parsed and written anew, as a pipeline does. */
import { jsonLines } from './jsonl.ts';

const [input, output] = process.argv.slice(2) as [string, string];
jsonLines(input, output, (line) => {
  const row = JSON.parse(line);
  return row.temperature !== null && row.temperature > 20 ? JSON.stringify(row) : null;
});
