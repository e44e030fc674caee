import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Calendar, type CalendarUnit, calendarUnits } from '../../model/time/calendar.ts';
import { offsetOf, zoneOf } from '../../model/time/zone.ts';
import { expectPartition } from './calendar-law.ts';

const dayMs = 86_400_000;
/** Zones that left out a day, or put their clocks back across midnight, or by half an hour. */
const awkward = ['Pacific/Apia', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Kwajalein', 'Europe/Berlin'];
const zones = Intl.supportedValuesOf('timeZone');
/** Every fourteenth, and those: the long tests take all of them. */
const some = zones.filter((name, i) => i % 14 === 0 || awkward.includes(name));
const few = zones.filter((name, i) => i % 70 === 0 || awkward.includes(name));
const at = (text: string) => Date.parse(text);

/** All changes of offsets from 1970 to 2039, as Python's zoneinfo has them: zone, instant in seconds, offset after it. */
const script = `
import sys, zoneinfo, datetime as d
utc = d.timezone.utc
for name in sys.stdin.read().split():
    try: zone = zoneinfo.ZoneInfo(name)
    except Exception: continue
    offset = lambda t: int(d.datetime.fromtimestamp(t, utc).astimezone(zone).utcoffset().total_seconds())
    step = 86400 * 5
    before = offset(0)
    print(name, 0, before)
    for t in range(0, 70 * 31556952, step):
        after = offset(t + step)
        if after == before: continue
        low, high = t, t + step
        while high - low > 1:
            middle = (low + high) // 2
            if offset(middle) == before: low = middle
            else: high = middle
        print(name, high, after)
        before = after
`;

describe('zones', () => {
  test('are offsets and IANA names in any case, and nothing else', () => {
    expect(zoneOf('europe/berlin')?.name).toBe('Europe/Berlin');
    expect(zoneOf('UTC')?.offsetAt(0)).toBe(0);
    expect(zoneOf('+05:45')?.offsetAt(0)).toBe(5.75 * 3_600_000);
    expect(offsetOf('-0330')).toBe(-3.5 * 3_600_000);
    for (const none of ['', 'Berlin', 'Europe/', '+25:00', '+1', '+05:75', '../etc/passwd', 'constructor']) expect(zoneOf(none), none).toBeNull();
  });

  test('of local times that come twice the earlier one counts, and those that are skipped are read by the offset before', () => {
    const berlin = zoneOf('Europe/Berlin')!;
    expect(berlin.instantOf(at('2026-07-01T12:00Z'))).toBe(at('2026-07-01T10:00Z'));
    expect(berlin.instantOf(at('2026-12-01T12:00Z'))).toBe(at('2026-12-01T11:00Z'));
    expect(berlin.instantOf(at('2026-10-25T02:30Z'))).toBe(at('2026-10-25T00:30Z'));
    expect(berlin.instantOf(at('2026-03-29T02:30Z'))).toBe(at('2026-03-29T01:30Z'));
  });

  const python = spawnSync('python3', ['-c', 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Berlin")']);
  test.skipIf(python.status !== 0)('have the offsets that Python’s zoneinfo has, at each change from 1970 to 2039', () => {
    const { stdout } = spawnSync('python3', ['-c', script], { input: some.join(' '), encoding: 'utf8', maxBuffer: 2 ** 28 });
    const differing = new Map<string, number>();
    let changes = 0;
    for (const line of stdout.trim().split('\n')) {
      const [name, seconds, offset] = line.split(' ') as [string, string, string];
      const zone = zoneOf(name)!;
      const instant = Number(seconds) * 1000;
      changes++;
      const isSame = zone.offsetAt(instant) === Number(offset) * 1000 && (instant === 0 || zone.offsetAt(instant - 1) !== Number(offset) * 1000);
      if (!isSame) differing.set(name, (differing.get(name) ?? 0) + 1);
    }
    expect(changes).toBeGreaterThan(1000);
    // The two have the rules of different years of the database: new rules of a few zones may differ.
    expect([...differing].length, JSON.stringify([...differing])).toBeLessThan(4);
  });
});

describe('the calendar', () => {
  test.each<[CalendarUnit, string, string, string, string]>([
    ['day', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
    ['hour', 'Europe/Berlin', '2026-10-25T01:30Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'],
    ['week', 'Europe/Berlin', '2026-03-29T12:00Z', '2026-03-22T23:00Z', '2026-03-29T22:00Z'],
    ['month', 'Europe/Berlin', '2026-03-31T22:30Z', '2026-03-31T22:00Z', '2026-04-30T22:00Z'],
    ['quarter', 'America/New_York', '2026-04-01T03:59Z', '2026-01-01T05:00Z', '2026-04-01T04:00Z'],
    ['year', 'Asia/Tokyo', '2025-12-31T15:00Z', '2025-12-31T15:00Z', '2026-12-31T15:00Z'],
    // Samoa left out 30 December 2011.
    ['day', 'Pacific/Apia', '2011-12-30T05:00Z', '2011-12-29T10:00Z', '2011-12-30T10:00Z'],
    // Clocks go by half an hour: the hour of the change is half as long.
    ['hour', 'Australia/Lord_Howe', '2026-10-03T15:40Z', '2026-10-03T15:30Z', '2026-10-03T16:00Z'],
    // Midnight came, and after a minute 23:01 again.
    ['day', 'America/St_Johns', '2010-11-07T02:40Z', '2010-11-07T02:30Z', '2010-11-08T03:30Z'],
    ['day', 'America/St_Johns', '2010-11-07T02:31:30Z', '2010-11-07T02:30Z', '2010-11-08T03:30Z'],
  ])('has a %s in %s', (unit, zone, instant, start, end) => {
    const calendar = new Calendar(zoneOf(zone)!, unit);
    expect(calendar.startOf(at(instant))).toBe(at(start));
    expect(calendar.endOf(at(start))).toBe(at(end));
  });

  test('partitions time from 1970 to 2040', () => {
    for (const name of few) for (const unit of calendarUnits) expectPartition(name, unit);
  });

  test('goes on to both ends of time', () => {
    for (const unit of calendarUnits) {
      const calendar = new Calendar(zoneOf('Europe/Berlin')!, unit);
      for (const edge of [-8.64e15, 8.64e15]) {
        expect(calendar.startOf(edge)).toBe(edge);
        expect(calendar.endOf(edge)).toBe(edge);
        const inside = edge - Math.sign(edge) * dayMs;
        expect(calendar.startOf(inside)).toBeLessThanOrEqual(inside);
      }
    }
  });
});
