import { testKills } from './kill-law.ts';

testKills(100);
