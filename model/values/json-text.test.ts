import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson, roundedNumber } from './json-text.ts';
import { castValue } from './values.ts';

/** With every character of every key as an escape, and a backslash as one. */
const escaped = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(escaped).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const key = (text: string) => `"${[...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
  return `{${Object.entries(value)
    .map(([name, item]) => `${key(name)}:${escaped(item)}`)
    .join(',')}}`;
};

it('finds the keys that are there, whatever keys were seen before', () => {
  for (const seen of ['{"a":1,"\\\\":2}', '{"\\t":1,"\\\\":2}', '{"a":1,"b\\\\":2}']) parseJson(seen);
  for (const text of ['{"a":1,"\\u001f":2}', '{"\\t":1,"\\ud83d":{}}', '{"a":1,"b\\u001f":[{"a":1,"\\n":"\\u001f\\":"}]}', '{"a":"\\\\\\":","\\u0000":1}']) {
    expect(JSON.stringify(parseJson(text))).toBe(text);
  }
  expect(Object.getOwnPropertyNames(parseJson('{"__proto__":1,"\\u005f_proto__":{"\\n":2},"\\u0061":1,"a":2}'))).toEqual(['__proto__', 'a']);
});

it('gives what was written, in plain keys and in escaped ones', () => {
  const key = fc.string({ unit: fc.constantFrom('\\', '\u001f', '\n', '"', 'a', ':', 'e', 'p', '\ud83d', '0'), maxLength: 3 });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), key, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 4 })),
  }));
  fc.assert(
    fc.property(value, (given) => {
      const text = JSON.stringify(given);
      expect(JSON.stringify(parseJson(text))).toBe(text);
      expect(JSON.stringify(parseJson(escaped(given)))).toBe(text);
    }),
  );
});

it('says of what is no JSON what JSON.parse says', () => {
  for (const text of ['{"\\x":1}', '{"\\n":1', '{"\\n" 1}', '["\\n":]', '{"a\\n":1,}']) {
    const said = (parse: (text: string) => unknown) => {
      try {
        return parse(text);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(said(parseJson)).toBe(said((each) => JSON.parse(each)));
  }
});

it('finds numbers that a double would round, wherever they stand', () => {
  for (const text of ['{"a":[12345678901234567890]}', '[0.12345678901234567890]', '{"a":{"b":9007199254740993}}']) {
    expect(roundedNumber(text)).toMatch(/^[\d.]{16,}$/);
    expect(castValue(text, 'json')).toEqual({ ok: false, message: `It holds ${roundedNumber(text)}, which would be rounded` });
  }
  for (const text of ['{"a":"12345678901234567890"}', '[0.30000000000000004, 1e21, 9007199254740992]', '1']) expect(roundedNumber(text)).toBeNull();
});
