import { test } from 'vitest';
import { rotationLaw } from './rotation-law.ts';

const seed = Number(process.env['MILLRACE_SEED'] || Date.now() % 1_000_000);

test(`every line of files that are rotated 200 times comes once (seed ${seed})`, () => rotationLaw(seed, 200, 0));
test(`every line of files that are rotated 200 times comes once, with kills (seed ${seed})`, () => rotationLaw(seed + 1, 200, 0.15));
