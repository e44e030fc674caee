import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonToLines } from './json-to-lines.ts';

function linesOf(text: string, size = text.length || 1): string[] {
  const splitter = new JsonToLines();
  let out = '';
  for (let at = 0; at < text.length; at += size) out += splitter.split(text.slice(at, at + size));
  return (out + splitter.end()).split('\n').slice(0, -1);
}

describe('JSON as lines', () => {
  it('gives each element of an array as it was written', () => {
    expect(linesOf('[\n  {"id": 12345678901234567890, "s": "a ] , } \\" b"},\n  {"list": [1, {"x": []}]}\n]')).toEqual([
      '{"id":12345678901234567890,"s":"a ] , } \\" b"}',
      '{"list":[1,{"x":[]}]}',
    ]);
    expect(linesOf('{\n "a": 1\n}\n{"b": 2}')).toEqual(['{"a":1}', '{"b":2}']);
    expect(linesOf('[]')).toEqual([]);
  });
  it('keeps what it cannot understand, for the reader to tell of', () => {
    expect(linesOf('[{"a":1},{"b":')).toEqual(['{"a":1}', '{"b":']);
  });
  it('does not depend on where the parts end', () => {
    const rows = fc.array(fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 7 }), fc.constantFrom(undefined, 2), (given, size, indent) => {
        const lines = linesOf(JSON.stringify(given, null, indent), size);
        expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(given)));
      }),
      { numRuns: 200 },
    );
  });
});
