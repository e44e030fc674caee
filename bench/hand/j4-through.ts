/** JSON Lines -> filter -> JSON Lines: lines that stay are passed through as they are, which no pipeline may assume. */
import { jsonLines } from './jsonl.ts';

const [input, output] = process.argv.slice(2) as [string, string];
jsonLines(input, output, (line) => {
  const row = JSON.parse(line);
  return row.temperature !== null && row.temperature > 20 ? line : null;
});
