/** Numbers that people type. A double keeps 15 to 17 digits: text with more of them is refused, never rounded. */

export type ExactNumber = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly why: string; readonly hint: string };

const decimal = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d+))?$/;

/**
 * The number that a decimal text stands for, if printing that number gives the same digits again. `why` continues a sentence: "... is no
 * number".
 */
export function exactNumber(text: string): ExactNumber {
  const typed = text.trim();
  if (!decimal.test(typed)) return { ok: false, why: 'is not a number', hint: 'Write digits, such as 10, -2.5 or 1e6.' };
  const value = Number(typed);
  if (!Number.isFinite(value)) return { ok: false, why: 'is too large for a number', hint: `The largest number is about ${Number.MAX_VALUE.toPrecision(3)}.` };
  if (digitsOf(typed) !== digitsOf(String(value))) {
    return { ok: false, why: 'has more digits than a number can hold', hint: `The nearest number is ${String(value)}.` };
  }
  return { ok: true, value };
}

/** Sign, digits and exponent in one form for each number, however it was written. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', onlyFraction = '', exponent = '0'] = decimal.exec(text) ?? [];
  const behind = fraction + onlyFraction;
  const all = (whole + behind).replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign === '-' ? '-' : ''}${significant}e${Number(exponent) - behind.length + all.length - significant.length}`;
}
