import { testKills } from './kill-law.ts';

testKills(12, 'changing');
