import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleJson, visibleLines } from './visible-text.ts';

describe('text from anybody', () => {
  it('shows what turns, hides or steers', () => {
    expect(visible('report\u202Egpj.exe')).toBe('report⟨U+202E⟩gpj.exe');
    expect(visible('a\u200Bb\u00A0c\u2066d\u200Fe\u00ADf')).toBe('a⟨U+200B⟩b⟨U+00A0⟩c⟨U+2066⟩d⟨U+200F⟩e⟨U+00AD⟩f');
    expect(visible('\x1b[31mred\x9b0m\r\n\t\x7f')).toBe('⟨U+001B⟩[31mred⟨U+009B⟩0m⟨U+000D⟩⟨U+000A⟩⟨U+0009⟩⟨U+007F⟩');
    expect(visible('tag\u{E0041}fill\u3164\uD800')).toBe('tag⟨U+E0041⟩fill⟨U+3164⟩⟨U+D800⟩');
    expect(visibleLines('one\n\ttwo\r\x1b')).toBe('one\n\ttwo⟨U+000D⟩⟨U+001B⟩');
  });

  it('leaves plain text of any script alone', () => {
    for (const text of ['Größe 2 – “zwei”', 'بيانات', 'می‌خواهم', 'क्‍ष', '👩‍🔬 ❤️', '売上', '../../x y']) expect(visible(text)).toBe(text);
    // A joiner between letters that do not join is hidden.
    expect(visible('pay\u200Dpal')).toBe('pay⟨U+200D⟩pal');
  });

  it('is the same JSON, without a character that steers', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = visibleJson({ [text]: text });
        expect(JSON.parse(json)).toEqual({ [text]: text });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
        expect(json).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
        expect(visible(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f]/);
      }),
    );
  });
});
