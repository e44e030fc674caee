/** Whether tests that need a server are left out, which nobody may do in CI. Throws there. */
export function skippedWithout(whyMissing: string | null): boolean {
  if (whyMissing === null) return false;
  if (process.env['CI'] || process.env['MILLRACE_SERVERS'] === 'required') throw new Error(`${whyMissing}, and tests need it`);
  return true;
}
