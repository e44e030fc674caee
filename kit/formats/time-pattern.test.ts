import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utc, type Zone, zoneOf } from '../../model/time/zone.ts';
import { timeValues } from '../sources/time-values.ts';
import { patternProblem, TimePattern } from './time-pattern.ts';

const read = (pattern: string, text: string, zone: Zone = utc) => {
  const time = new TimePattern(pattern, zone).read(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
};

describe('a time pattern', () => {
  it.each([
    ['dd/MM/yyyy HH:mm:ss', '31/01/2026 23:59:58', '2026-01-31T23:59:58.000Z'],
    ['dd.MM.yyyy', '29.02.2024', '2024-02-29T00:00:00.000Z'],
    ["yyyyMMdd'T'HHmmss", '20260131T120000', '2026-01-31T12:00:00.000Z'],
    ['yyyy-MM-dd HH:mm:ss.SSSSSS', '2026-01-31 12:00:00.123456', '2026-01-31T12:00:00.123Z'],
    ['d/M/yy H:mm', '1/2/99 7:05', '1999-02-01T07:05:00.000Z'],
    ['dd/MMM/yyyy:HH:mm:ss X', '10/Oct/2000:13:55:36 -0700', '2000-10-10T20:55:36.000Z'],
    ['M/d/yyyy h:mm a', '1/31/2026 12:30 AM', '2026-01-31T00:30:00.000Z'],
    ['M/d/yyyy h:mm a', '1/31/2026 12:30 pm', '2026-01-31T12:30:00.000Z'],
    ['yyyy-MM-dd HH:mmX', '0050-01-01 00:00Z', '0050-01-01T00:00:00.000Z'],
    ["''yy MM dd", "'26 01 31", '2026-01-31T00:00:00.000Z'],
  ])('%s reads %s', (pattern, text, expected) => {
    expect(patternProblem(pattern)).toBeNull();
    expect(read(pattern, text)).toBe(expected);
  });

  it.each([
    ['dd.MM.yyyy', '31.13.2026'],
    ['dd.MM.yyyy', '30.02.2026'],
    ['dd.MM.yyyy', '1.02.2026'],
    ['dd.MM.yyyy', '01.02.2026 '],
    ['dd.MM.yyyy', '01-02-2026'],
    ['dd.MM.yyyy', ''],
    ['dd.MM.yyyy HH:mm', '01.02.2026 24:00'],
    ['M/d/yyyy h:mm a', '1/31/2026 13:30 pm'],
    ['d MMM yyyy', '1 Foo 2026'],
    ['yyyy-MM-dd X', '2026-01-01 +2'],
  ])('%s does not read %s', (pattern, text) => expect(read(pattern, text)).toBeNull());

  it('takes times without an offset to be of the one given', () => {
    expect(read('yyyy-MM-dd HH:mm', '2026-01-31 12:00', zoneOf('+02:00')!)).toBe('2026-01-31T10:00:00.000Z');
    expect(read('yyyy-MM-dd HH:mm', '2026-01-31 12:00', zoneOf('Europe/Berlin')!)).toBe('2026-01-31T11:00:00.000Z');
    expect(read('yyyy-MM-dd HH:mm', '2026-07-31 12:00', zoneOf('Europe/Berlin')!)).toBe('2026-07-31T10:00:00.000Z');
  });

  it.each([
    ['dd.MM', 'no year'],
    ['yyyy', 'no month'],
    ['dd.MM.YYYY', '"YYYY" stands for'],
    ['yyyy-MM-dd hh:mm', 'go together'],
    ["yyyy-MM-dd'T", 'not closed'],
    ['constructor', 'stands for'],
  ])('%s is refused: %s', (pattern, why) => expect(patternProblem(pattern)).toContain(why));

  it('reads whatever it would write', () => {
    const dates = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    const pattern = new TimePattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", utc);
    fc.assert(
      fc.property(dates, (date) => {
        expect(pattern.read(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it('never throws, whatever the pattern and the text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[yMdHhmsaSX':. ]*$/));
    fc.assert(
      fc.property(texts, texts, (pattern, text) => {
        if (patternProblem(pattern) === null) expect(typeof new TimePattern(pattern, utc).read(text)).toBe('number');
      }),
    );
  });
});

describe('numbers since 1970', () => {
  type Unit = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds';
  const reading = (format: Unit, finer: 'fail' | 'cut' = 'cut') => timeValues({ format, pattern: '', zone: '', finer });
  const value = (format: Unit, from: string | number | null) => reading(format).read(from);
  it.each([
    ['seconds', 1_700_000_000, 1_700_000_000_000],
    ['seconds', 1_700_000_000.123, 1_700_000_000_123],
    ['seconds', '1700000000.5', 1_700_000_000_500],
    ['milliseconds', '-1', -1],
    ['microseconds', 1_700_000_000_123_999, 1_700_000_000_123],
    ['nanoseconds', '1700000000123456789', 1_700_000_000_123],
    ['nanoseconds', '-1700000000123456789', -1_700_000_000_124],
    ['microseconds', -1, -1],
    ['seconds', 1e-7, 0],
  ] as const)('%s: %s', (format, from, expected) => expect(value(format, from)).toBe(expected));
  it.each([
    ['seconds', 1_700_000_000.1234],
    ['seconds', '1700000000.0001'],
    ['milliseconds', 0.5],
    ['microseconds', 1_700_000_000_123_999],
    ['nanoseconds', '1700000000123456789'],
  ] as const)('%s: %s is refused unless it may be cut off', (format, from) => {
    expect(reading(format, 'fail').read(from)).toBeNaN();
    expect(reading(format, 'fail').fault(from)).toContain('finer than a millisecond');
    expect(value(format, from)).not.toBeNaN();
  });
  it.each([
    ['automatic', '2026-01-31T12:00:00.123456Z'],
    ['pattern', '31.01.2026 12:00:00.123456'],
  ] as const)('the same for text: %s', (format, from) => {
    const of = (finer: 'fail' | 'cut') => timeValues({ format, pattern: 'dd.MM.yyyy HH:mm:ss.SSSSSS', zone: 'UTC', finer });
    expect(of('fail').read(from)).toBeNaN();
    expect(of('fail').fault(from)).toContain('finer than a millisecond');
    expect(of('cut').read(from)).toBe(Date.parse('2026-01-31T12:00:00.123Z'));
    expect(of('fail').read(from.replace('456', '000'))).toBe(Date.parse('2026-01-31T12:00:00.123Z'));
  });
  it.each([
    ['seconds', 'soon'],
    ['seconds', ''],
    ['milliseconds', 1e17],
    ['nanoseconds', null],
    ['seconds', '1e9'],
  ] as const)('%s: not %s', (format, from) => {
    expect(value(format, from)).toBeNaN();
    expect(reading(format).fault(from)).toBe(`does not fit ${format} since 1970`);
  });
});
