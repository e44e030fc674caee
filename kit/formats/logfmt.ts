/** Lines of pairs such as `level=info msg="not found" ms=12` (logfmt). */

export interface LogfmtLine {
  /** In the order of the line; null for a word without a value. The last value, if a key occurs twice. */
  readonly pairs: ReadonlyMap<string, string | null>;
  readonly hasDoubleKey: boolean;
}

const escapes: { readonly [letter: string]: string } = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

/** The pairs of a line, or the error in it. Takes time proportional to its length. */
export function readLogfmt(line: string): LogfmtLine | string {
  const pairs = new Map<string, string | null>();
  let hasDoubleKey = false;
  let hasValue = false;
  let at = 0;
  for (;;) {
    while (isSpace(line.charCodeAt(at))) at++;
    if (at >= line.length) break;
    const start = at;
    while (at < line.length && line[at] !== '=' && !isSpace(line.charCodeAt(at))) at++;
    const key = line.slice(start, at);
    if (key === '') return `there is no key before the = at character ${start + 1}`;
    let value: string | null = null;
    if (line[at] === '=') {
      hasValue = true;
      at++;
      const begin = at;
      if (line[at] === '"') {
        at = closingQuote(line, at);
        if (at < 0) return `the quote at character ${begin + 1} is not closed`;
        value = unescaped(line.slice(begin + 1, at++));
      } else {
        while (at < line.length && !isSpace(line.charCodeAt(at))) at++;
        value = line.slice(begin, at);
      }
    }
    if (pairs.has(key)) hasDoubleKey = true;
    pairs.set(key, value);
  }
  return hasValue ? { pairs, hasDoubleKey } : 'it has no pair such as level=info';
}

function closingQuote(line: string, at: number): number {
  for (let i = at + 1; i < line.length; i++) {
    if (line[i] === '\\') i++;
    else if (line[i] === '"') return i;
  }
  return -1;
}

/** An escape that JSON does not define is kept as written. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (written, hex: string | undefined, letter: string | undefined) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[letter ?? ''] ?? written),
  );
}

function isSpace(unit: number): boolean {
  return unit === 32 || unit === 9;
}
