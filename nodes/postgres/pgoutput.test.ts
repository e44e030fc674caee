/** Messages as PostgreSQL sends them, byte by byte. */
import { describe, expect, it } from 'vitest';
import { lsnOf, lsnText, parseMessage, readLsn, writeLsn } from './runtime/pgoutput.ts';
import { Visibility } from './runtime/visibility.ts';

const of = (...parts: readonly (string | number[])[]) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const int = (n: number) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const short = (n: number) => [(n >> 8) & 255, n & 255];
const long = (n: number) => [...int(Math.floor(n / 0x1_0000_0000)), ...int(n % 0x1_0000_0000)];
const text = (value: string) => ['t', int(Buffer.byteLength(value)), value];
const tuple = (...cells: (string | null | undefined)[]) => [
  short(cells.length),
  ...cells.flatMap((cell) => (cell === undefined ? ['u'] : cell === null ? ['n'] : text(cell))),
];

describe('messages of pgoutput', () => {
  it('tell of transactions', () => {
    // 2026-01-31T12:00:00.123456Z, in microseconds since 2000.
    const time = long((Date.UTC(2026, 0, 31, 12, 0, 0, 123) - Date.UTC(2000, 0, 1)) * 1000 + 456);
    expect(parseMessage(of('B', long(0x16_b374_d848), time, int(0xffff_fff0)))).toEqual({
      tag: 'begin',
      lsn: 0x16_b374_d848,
      time: Date.UTC(2026, 0, 31, 12, 0, 0, 123),
      xid: 0xffff_fff0,
    });
    expect(parseMessage(of('C', [0], long(100), long(148), time))).toMatchObject({ tag: 'commit', lsn: 100, end: 148 });
  });

  it('tell of tables', () => {
    const columns = [[1], 'id\0', int(20), int(-1), [0], 'größe\0', int(1700), int((10 << 16) | 6)];
    expect(parseMessage(of('R', int(16_400), 'public\0', 'orders\0', 'd', short(2), ...columns))).toEqual({
      tag: 'relation',
      relation: {
        oid: 16_400,
        schema: 'public',
        name: 'orders',
        identity: 'd',
        columns: [
          { name: 'id', isKey: true, type: 20, modifier: -1 },
          { name: 'größe', isKey: false, type: 1700, modifier: (10 << 16) | 6 },
        ],
      },
    });
  });

  it('tell of rows, before and after', () => {
    const oid = int(7);
    expect(parseMessage(of('I', oid, 'N', ...tuple('1', null, '', 'ä')))).toEqual({ tag: 'insert', oid: 7, after: ['1', null, '', 'ä'] });
    expect(parseMessage(of('U', oid, 'N', ...tuple('1', undefined)))).toEqual({ tag: 'update', oid: 7, before: null, isKey: false, after: ['1', undefined] });
    const moved = parseMessage(of('U', oid, 'K', ...tuple('1', null), 'N', ...tuple('2', 'x')));
    expect(moved).toEqual({ tag: 'update', oid: 7, before: ['1', null], isKey: true, after: ['2', 'x'] });
    expect(parseMessage(of('U', oid, 'O', ...tuple('1', 'old'), 'N', ...tuple('1', undefined)))).toMatchObject({ before: ['1', 'old'], isKey: false });
    expect(parseMessage(of('D', oid, 'K', ...tuple('1', null)))).toEqual({ tag: 'delete', oid: 7, before: ['1', null], isKey: true });
    expect(parseMessage(of('D', oid, 'O', ...tuple('1', 'x')))).toMatchObject({ isKey: false });
    expect(parseMessage(of('T', int(2), [1], int(7), int(8)))).toEqual({ tag: 'truncate', oids: [7, 8] });
  });

  it('that concern no row are passed over, unknown and broken ones are not', () => {
    for (const kind of ['Y', 'O', 'M']) expect(parseMessage(of(kind, int(1), 'x\0'))).toEqual({ tag: 'other' });
    expect(() => parseMessage(of('S', int(1)))).toThrow('unknown kind "S"');
    expect(() => parseMessage(of('I', int(7), 'N', short(1), 't', int(100), 'short'))).toThrow('cut off');
    expect(() => parseMessage(of('I', int(7), 'N', short(1), 'b', int(1), 'x'))).toThrow('unknown kind "b"');
    expect(() => parseMessage(of('I', int(7), 'N', short(3), 'n'))).toThrow();
  });

  it('are read where they begin', () => {
    expect(parseMessage(of('header', 'I', int(7), 'N', ...tuple('1')), 6)).toEqual({ tag: 'insert', oid: 7, after: ['1'] });
  });
});

it('positions of the log are texts, numbers and bytes', () => {
  for (const [at, number] of [
    ['0/0', 0],
    ['0/16B3748', 0x16b3748],
    ['16/B374D848', 0x16_b374_d848],
    ['1FFFFF/FFFFFFFF', Number.MAX_SAFE_INTEGER],
  ] as const) {
    expect([lsnOf(at), lsnText(number)]).toEqual([number, at]);
    const bytes = Buffer.alloc(8);
    writeLsn(bytes, number, 0);
    expect(readLsn(bytes, 0)).toBe(number);
  }
});

it('a snapshot sees what had ended when it was taken, whatever the epoch of transactions', () => {
  const seen = new Visibility('4294967290:4294967300:4294967292,4294967299');
  const low = (xid: number) => xid % 2 ** 32;
  expect([4_294_967_289, 4_294_967_290, 4_294_967_292, 4_294_967_298, 4_294_967_299, 4_294_967_300, 4_294_967_400].map((xid) => seen.sees(low(xid)))).toEqual([
    true,
    true,
    false,
    true,
    false,
    false,
    false,
  ]);
  expect([...new Visibility('5:5:').running]).toEqual([]);
});
