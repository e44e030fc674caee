import type { SourceDefinition } from '../node.ts';
import { endingByError } from './ending-by-error.ts';
import { withEventTime } from './event-time-source.ts';
import { withSchedule } from './schedule-source.ts';

/** What every source has without declaring it. */
export function everySource(definition: SourceDefinition): SourceDefinition {
  return withEventTime(withSchedule(endingByError(definition)));
}
