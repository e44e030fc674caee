/** Numbers of a JSON text that JSON.parse may silently change: it keeps 15 digits, and exponents up to 307. */

const safeDigits = 15;
const quote = 34;
const backslash = 92;
const farExponent = /[eE][+-]?\d{3}/;

/**
 * Whether a number of a JSON text has more than 15 digits, or an exponent of more than two, and is not written as a double is. For text
 * that is not JSON, either answer is possible.
 */
export function hasLongNumber(text: string): boolean {
  if (!hasLongDigits(text) && !farExponent.test(text)) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (isDigit(code)) {
      const start = text.charCodeAt(at - 1) === 45 ? at - 1 : at;
      while (isPartOfNumber(text.charCodeAt(at + 1))) at++;
      const number = text.slice(start, at + 1);
      if ((number.length > safeDigits || farExponent.test(number)) && String(Number(number)) !== number) return true;
    }
  }
  return false;
}

/**
 * Whether there are more than 15 consecutive digits and points, in texts or outside. Any such sequence covers at least one of the sampled
 * positions.
 */
function hasLongDigits(text: string): boolean {
  for (let at = safeDigits; at < text.length; at += safeDigits + 1) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (isDigit(text.charCodeAt(first - 1))) first--;
    let last = at;
    while (isDigit(text.charCodeAt(last + 1))) last++;
    if (last - first >= safeDigits) return true;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at++;
  }
  return text.length;
}

/** A point counts as a digit. */
function isDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

/** Digits, `.`, `e`, `E`, `+`, `-` */
function isPartOfNumber(code: number): boolean {
  return isDigit(code) || code === 101 || code === 69 || code === 43 || code === 45;
}
