/**
 * Property tests draw anew at every run, so that they find more; where a run must tell about a change and nothing else (CI), they
 * draw the same. A failing seed is printed: make a named case of what it found.
 */
import fc from 'fast-check';

const seed = process.env['MILLRACE_SEED'] ?? (process.env['CI'] ? '20261122' : undefined);
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
