import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Drive } from '../driven-run.ts';

const drive: Drive = async (run) => {
  writeFileSync(run.at('app.log'), 'one\n');
  writeFileSync(run.at('app.log.tmp'), 'half a li');
  writeFileSync(run.at('app.log.1.gz'), gzipSync('of last week\n'));
  run.start();
  await run.until(() => run.rows().length >= 1);
  writeFileSync(run.at('app.log.2.tmp'), 'another\n');
  writeFileSync(run.at('app.log.2'), 'two\n');
  await run.until(() => run.rows().length >= 2);
};
export default drive;
