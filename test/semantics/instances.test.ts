import { test } from 'vitest';
import { instancesLaw } from './instances-law.ts';

test('a run in 2 and in 5 instances gives the rows that one gives', { timeout: 120_000 }, () => instancesLaw(8, 40));
