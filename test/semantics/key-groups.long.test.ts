import { it } from 'vitest';
import { allCases, expectLaw } from './key-groups-cases.ts';

it.each(allCases.map((each) => [each.title, each] as const))('%s', (_, each) => expectLaw(each, 120), 600_000);
