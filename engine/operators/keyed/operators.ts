export { deduping } from './deduping.ts';
export { filling } from './filling.ts';
export { keyedSteps } from './keyed-steps.ts';
export { lagging } from './lagging.ts';
export { limiting, sampling, thinning } from './limiting.ts';
export { scoring } from './scoring.ts';
