import type { Drive } from '../driven-run.ts';

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

const drive: Drive = async (run) => {
  const port = await run.useFreePort();
  run.start();
  await run.post(port, 'id=2&v=2.5', form);
  await run.post(port, 'payload=%7B%22id%22%3A3%7D', form);
  await run.until(() => run.rows().length >= 1);
};
export default drive;
