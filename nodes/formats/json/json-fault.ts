/** Where a text stops being JSON, which JSON.parse does not always say. */

const text = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/;
const token = new RegExp(`[ \\t\\r\\n]*(?:([{}[\\],:])|(${text.source})|(?:${scalar.source})(?![\\w.+-]))`, 'y');
const blank = /[ \t\r\n]*/y;

/** The index of the first character that is not allowed there; the length if the text ends too early. */
export function faultAt(source: string): number {
  const open: string[] = [];
  let expect: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'separator' = 'value';
  for (let at = 0; ; ) {
    blank.lastIndex = token.lastIndex = at;
    blank.test(source);
    const start = blank.lastIndex;
    const found = token.exec(source);
    if (!found) return start;
    const [, mark, key] = found;
    if (key !== undefined && [...key].some((character) => character < ' ')) return start;
    at = token.lastIndex;
    const container = open.at(-1);
    if (mark === '}' || mark === ']') {
      const mayEnd = expect === 'separator' || expect === (mark === '}' ? 'keyOrEnd' : 'valueOrEnd');
      if (!mayEnd || container !== (mark === '}' ? '{' : '[')) return start;
      open.pop();
      expect = 'separator';
    } else if (expect === 'separator') {
      if (mark !== ',' || container === undefined) return start;
      expect = container === '{' ? 'key' : 'value';
    } else if (expect === 'colon') {
      if (mark !== ':') return start;
      expect = 'value';
    } else if (expect === 'key' || expect === 'keyOrEnd') {
      if (key === undefined) return start;
      expect = 'colon';
    } else if (mark === '{' || mark === '[') {
      open.push(mark);
      expect = mark === '{' ? 'keyOrEnd' : 'valueOrEnd';
    } else {
      if (mark !== undefined) return start;
      expect = 'separator';
    }
  }
}
