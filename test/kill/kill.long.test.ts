import { testKills } from './kill-law.ts';

for (const instances of [1, 2, 'changing'] as const) testKills(100, instances);
