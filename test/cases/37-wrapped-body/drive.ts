import type { Drive } from '../driven-run.ts';

const json = { 'Content-Type': 'application/json' };

const drive: Drive = async (run) => {
  const port = await run.useFreePort();
  run.start();
  await run.post(port, '{"data":{"id":7,"v":1}}', json);
  await run.post(port, '{"ID":8,"V":1}', json);
};
export default drive;
