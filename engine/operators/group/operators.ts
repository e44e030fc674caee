export { combining } from './combining.ts';
export { pivoting } from './pivoting.ts';
export { ranking } from './ranking.ts';
export { runningAggregation } from './running-aggregation.ts';
