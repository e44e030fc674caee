import { test } from 'vitest';
import { instancesLaw } from './instances-law.ts';

test('a run in 2 and in 5 instances gives the rows that one gives: many pipelines', { timeout: 1_200_000 }, () => instancesLaw(400, 120));
