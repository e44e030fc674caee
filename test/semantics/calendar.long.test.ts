import { test } from 'vitest';
import { calendarUnits } from '../../model/time/calendar.ts';
import { expectPartition } from './calendar-law.ts';

test.each(Intl.supportedValuesOf('timeZone'))('the calendar of %s partitions time', (name) => {
  for (const unit of calendarUnits) expectPartition(name, unit);
});
