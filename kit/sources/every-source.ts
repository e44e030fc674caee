import type { SourceDefinition } from '../node.ts';
import { endingByError } from './ending-by-error.ts';
import { withEventTime } from './event-time-source.ts';
import { withSchedule } from './schedule-source.ts';

/** What a source's file does not say, since it is the same for all of them. */
export function everySource(definition: SourceDefinition): SourceDefinition {
  return withEventTime(withSchedule(endingByError(definition)));
}
