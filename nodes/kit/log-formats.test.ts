import { describe, expect, it, test } from 'vitest';
import type { Value } from '../../engine/schema/types.ts';
import { columnsOf, type NamedFormat, namedReader, recogniseFormat } from './log-formats.ts';
import { readLogfmt } from './logfmt.ts';

const now = Date.UTC(2026, 1, 2, 8);

function read(format: NamedFormat, line: string, zone = 'UTC', latest = now): { readonly [column: string]: Value } | string {
  const values = namedReader(format, zone, () => latest).read(line);
  if (typeof values === 'string') return values;
  expect(values).toHaveLength(columnsOf(format).length);
  return Object.fromEntries(columnsOf(format).flatMap(({ name }, i) => (values[i] === null ? [] : [[name, values[i]!]])));
}

describe('access logs', () => {
  const time = Date.UTC(2026, 0, 31, 12);
  const at = '[31/Jan/2026:13:00:00 +0100]';

  test.each<[string, NamedFormat, string, object]>([
    [
      'a request',
      'common',
      `203.0.113.7 - ada ${at} "GET /a?b=1 HTTP/1.1" 200 512`,
      { host: '203.0.113.7', user: 'ada', time, method: 'GET', path: '/a?b=1', protocol: 'HTTP/1.1', status: 200, bytes: 512 },
    ],
    ['nothing known', 'common', `::1 - - ${at} "-" 408 -`, { host: '::1', time, status: 408 }],
    [
      'a name with spaces and brackets',
      'common',
      `h - Ada [x] y ${at} "GET / HTTP/2.0" 304 0`,
      { host: 'h', user: 'Ada [x] y', time, method: 'GET', path: '/', protocol: 'HTTP/2.0', status: 304, bytes: 0 },
    ],
    ['no HTTP', 'common', `h - - ${at} "\\x16\\x03\\x01" 400 0`, { host: 'h', time, path: '\\x16\\x03\\x01', status: 400, bytes: 0 }],
    [
      'spaces in a path',
      'common',
      `h - - ${at} "GET /a b HTTP/1.0" 200 1`,
      { host: 'h', time, method: 'GET', path: '/a b', protocol: 'HTTP/1.0', status: 200, bytes: 1 },
    ],
    ['HTTP 0.9', 'common', `h - - ${at} "GET /a" 200 1`, { host: 'h', time, method: 'GET', path: '/a', status: 200, bytes: 1 }],
    [
      'quotes behind a backslash',
      'combined',
      `h - - ${at} "GET / HTTP/1.1" 200 1 "-" "a \\"b\\" \\\\"`,
      { host: 'h', time, method: 'GET', path: '/', protocol: 'HTTP/1.1', status: 200, bytes: 1, agent: 'a \\"b\\" \\\\' },
    ],
    [
      'what nginx adds',
      'combined',
      `h - - ${at} "GET / HTTP/1.1" 200 1 "https://x/" "curl" "10.0.0.1"`,
      { host: 'h', time, method: 'GET', path: '/', protocol: 'HTTP/1.1', status: 200, bytes: 1, referer: 'https://x/', agent: 'curl', rest: '"10.0.0.1"' },
    ],
  ])('%s', (_, format, line, expected) => expect(read(format, line)).toEqual(expected));

  test.each<[NamedFormat, string, string]>([
    ['combined', `h - - ${at} "GET / HTTP/1.1" 200 1`, 'common format'],
    ['common', `h - - ${at} "GET / HTTP/1.1" 200 1 "-" "-"`, 'combined format'],
    ['common', 'h - - [31/Foo/2026:13:00:00 +0100] "GET /" 200 1', 'no time'],
    ['common', `h - - ${at} "GET / 200 1`, 'not in quotes'],
    ['common', `h - - ${at} "GET /" 20 1`, 'status'],
    ['common', '', 'host'],
  ])('%s: %s is told', (format, line, reason) => expect(read(format, line)).toContain(reason));
});

describe('syslog', () => {
  const time = Date.UTC(2026, 0, 31, 12);

  test.each<[string, string, object]>([
    ['of a file', 'Jan 31 12:00:00 web sshd[42]: Failed password for root', { time, host: 'web', app: 'sshd', pid: '42', message: 'Failed password for root' }],
    ['with a priority', '<34>Jan 31 12:00:00 web su: denied', { time, host: 'web', app: 'su', facility: 'auth', severity: 'crit', message: 'denied' }],
    ['of rsyslog', '2026-01-31T13:00:00.000123+01:00 web kernel: up', { time, host: 'web', app: 'kernel', message: 'up' }],
    ['with a year', 'Jan 31 2026 12:00:00 web app: x', { time, host: 'web', app: 'app', message: 'x' }],
    ['a message without a tag', 'Jan 31 12:00:00 web last message repeated 3 times', { time, host: 'web', message: 'last message repeated 3 times' }],
    [
      'RFC 5424',
      '<165>1 2026-01-31T12:00:00.003Z web app 7 ID47 [a@1 k="v \\"q\\" \\]"][b] \ufeffhello: there',
      {
        time: time + 3,
        host: 'web',
        app: 'app',
        pid: '7',
        facility: 'local4',
        severity: 'notice',
        msgid: 'ID47',
        data: { 'a@1': { k: 'v "q" ]' }, b: {} },
        message: 'hello: there',
      },
    ],
    ['RFC 5424 with nothing known', '<13>1 - - - - - -', { facility: 'user', severity: 'notice' }],
  ])('%s', (_, line, expected) => expect(read('syslog', line)).toEqual(expected));

  it('takes times in a zone, of the last year in which they are not ahead', () => {
    expect(read('syslog', 'Jul  1 00:30:00 h a: x', 'Europe/Berlin')).toMatchObject({ time: Date.UTC(2025, 5, 30, 22, 30) });
    expect(read('syslog', 'Dec 31 23:59:59 h a: x')).toMatchObject({ time: Date.UTC(2025, 11, 31, 23, 59, 59) });
    expect(read('syslog', 'Feb  3 07:00:00 h a: x')).toMatchObject({ time: Date.UTC(2026, 1, 3, 7) });
    expect(read('syslog', 'Feb 29 12:00:00 h a: x')).toMatchObject({ time: Date.UTC(2024, 1, 29, 12) });
  });

  test.each([
    ['hello', 'does not begin with a time'],
    ['<999>Jan 31 12:00:00 h a: x', 'greater than 191'],
    ['Jan 32 12:00:00 h a: x', 'no time'],
    ['<34>1 2026-01-31T12:00:00Z h a - - [x', 'not closed'],
    ['<34>1 yesterday h a - - -', 'no time'],
  ])('%s is told', (line, reason) => expect(read('syslog', line)).toContain(reason));
});

describe('pairs', () => {
  const pairs = (line: string) => {
    const found = readLogfmt(line);
    return typeof found === 'string' ? found : Object.fromEntries(found.pairs);
  };
  test.each<[string, object]>([
    ['level=info msg="not found" ms=12', { level: 'info', msg: 'not found', ms: '12' }],
    ['  a=  b="" c d=x=y\te="q\\"\\n\\u00e4\\z"', { a: '', b: '', c: null, d: 'x=y', e: 'q"\nä\\z' }],
    ['a=1 a=2', { a: '2' }],
    ['__proto__=1', JSON.parse('{"__proto__":"1"}')],
  ])('%s', (line, expected) => expect(pairs(line)).toEqual(expected));
  test.each([
    ['just words', 'no pair'],
    ['a=1 =2', 'no key before the = at character 5'],
    ['a="x', 'quote at character 3 is not closed'],
  ])('%s is told', (line, reason) => expect(pairs(line)).toContain(reason));
});

it('recognises a format by most of its lines', () => {
  const access = 'h - - [31/Jan/2026:13:00:00 +0100] "GET / HTTP/1.1" 200 1';
  expect(recogniseFormat([`${access} "-" "-"`, 'x', `${access} "-" "-"`])).toBe('combined');
  expect(recogniseFormat([access])).toBe('common');
  expect(recogniseFormat(['Jan 31 12:00:00 web sshd[42]: x'])).toBe('syslog');
  expect(recogniseFormat(['2026-01-31T12:00:00Z INFO started', ''])).toBe(null);
  expect(recogniseFormat([])).toBe(null);
});

it('any line is read in steps in proportion to its length', () => {
  const long = 200_000;
  const lines = [
    ' ['.repeat(long),
    'a b [31/Jan/2026:13:00:00 +0100] "'.repeat(10_000),
    `<34>1 - - - - - [${'a="\\'.repeat(long)}`,
    '='.repeat(long),
    'a="\\'.repeat(long),
  ];
  const before = process.cpuUsage();
  for (const line of lines) {
    for (const format of ['common', 'combined', 'syslog'] as const) namedReader(format, 'UTC', () => now).read(line);
    readLogfmt(line);
  }
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
});
