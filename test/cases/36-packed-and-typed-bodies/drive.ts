import { gzipSync } from 'node:zlib';
import type { Drive } from '../driven-run.ts';

const drive: Drive = async (run) => {
  const port = await run.useFreePort();
  run.start();
  await run.post(port, gzipSync('{"id":1,"v":1.5}'), { 'Content-Type': 'application/json; charset=utf-8', 'Content-Encoding': 'gzip' });
  await run.post(port, '{"id":2,"v":null,"specversion":"1.0"}', { 'Content-Type': 'application/cloudevents+json' });
  await run.post(port, '{"id":3}\n{"id":4}\n', { 'Content-Type': 'application/ndjson' });
  await run.post(port, '\ufeff[{"id":5}]', { 'Content-Type': 'text/plain' });
  // As curl -d sends it where nobody says what it is.
  await run.post(port, '{"id":6,"v":6}', { 'Content-Type': 'application/x-www-form-urlencoded' });
  await run.post(port, 'id=7', { 'Content-Type': 'text/plain' });
  await run.until(() => run.rows().length >= 6);
};
export default drive;
