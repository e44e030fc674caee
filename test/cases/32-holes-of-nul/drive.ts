import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import type { Drive } from '../driven-run.ts';

/** A program that does not append, but writes where it was, as many do under copytruncate. */
const drive: Drive = async (run) => {
  writeFileSync(run.at('app.log'), Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join(''));
  run.start();
  await run.until(() => run.rows().length >= 50);
  const writer = openSync(run.at('app.log'), 'r+');
  truncateSync(run.at('app.log'), 0);
  writeSync(writer, 'after the cut\n', 440);
  await run.until(() => run.rows().length >= 51);
  writeSync(writer, 'and on\n', 454);
  closeSync(writer);
  await run.until(() => run.rows().length >= 52);
};
export default drive;
