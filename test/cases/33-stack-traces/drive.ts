import type { Drive } from '../driven-run.ts';

const drive: Drive = async (run) => {
  run.start();
  await run.until(() => run.rows().length >= 2);
};
export default drive;
