import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Drive } from '../driven-run.ts';

const drive: Drive = async (run) => {
  writeFileSync(run.at('app.log'), Array.from({ length: 400 }, (_, i) => `line ${i}\n`).join(''));
  run.start();
  await run.until(() => run.rows().length >= 400);
  renameSync(run.at('app.log'), run.at('app.log.1'));
  writeFileSync(run.at('app.log'), 'after rotation\n');
  await run.until(() => run.rows().length >= 401);
  writeFileSync(run.at('app.log.1.gz'), gzipSync(readFileSync(run.at('app.log.1'))));
  rmSync(run.at('app.log.1'));
  await run.until(() => run.errors.includes('app.log.1.gz is a copy of app.log'));
};
export default drive;
