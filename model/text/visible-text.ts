// biome-ignore-all lint/suspicious/noMisleadingCharacterClass: each character is meant by itself
/**
 * Untrusted text in a form in which users can judge it. Direction marks and overrides make `exe.txt` of `txt.exe`, characters without width
 * make two names look alike, and control characters control a terminal: each is replaced by its number, `⟨U+202E⟩`.
 */

/** Controls, format characters, unpaired surrogates, spaces other than the plain one, and letters without a glyph. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]|(?! )\p{Zs}/gu;

/** Where joiners and emoji styles are part of the spelling of a word or a picture. */
const joins =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{scx=Arab}\p{scx=Syrc}\p{scx=Deva}\p{scx=Beng}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Taml}\p{scx=Telu}]$/u;

/** For names, paths and titles: one line. Text without anything hidden is returned as it is. */
export function visible(text: string): string {
  return replaceHidden(text, () => false);
}

/** For messages and code, in which line breaks and tabs keep their meaning. */
export function visibleLines(text: string): string {
  return replaceHidden(text, (character) => character === '\n' || character === '\t');
}

/** JSON with every hidden character written as an escape sequence: it means the same. */
export function visibleJson(value: unknown, indent = 2): string {
  const escaped = (character: string) => [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  return JSON.stringify(value, null, indent).replace(hidden, (character) => (character === '\n' ? character : escaped(character)));
}

function replaceHidden(text: string, isKept: (character: string) => boolean): string {
  return text.replace(hidden, (character, at: number) => {
    if (isKept(character) || (/[\u200c\u200d\ufe0f]/.test(character) && joins.test(text.slice(Math.max(0, at - 2), at)))) return character;
    return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}
