import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StringCache } from './string-cache.ts';

it('gives what the bytes say, whatever it gave before', () => {
  const text = fc.stringMatching(/^[a-c]{0,70}$/);
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      const cache = new StringCache();
      const bytes = Buffer.from(texts.join(''));
      let at = 0;
      for (const text of texts) {
        expect(cache.string(bytes, at, at + text.length)).toBe(text);
        at += text.length;
      }
    }),
  );
});

it('goes on being right when a column turns out to be free text', () => {
  const cache = new StringCache();
  for (let i = 0; i < 100_000; i++) {
    const text = `row number ${i}`;
    const bytes = Buffer.from(text);
    if (cache.string(bytes, 0, bytes.length) !== text) throw new Error(text);
  }
});
