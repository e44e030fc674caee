/** Numbers as people write them: decimal comma, thousands, currency, percent, accounting brackets. */

export const thousandsMarks = ['none', 'comma', 'dot', 'space', 'apostrophe', 'underscore'] as const;
export type ThousandsMark = (typeof thousandsMarks)[number];

export interface NumberFormat {
  readonly decimal: 'dot' | 'comma';
  /** Between groups of three digits; numbers without it are read as well. */
  readonly thousands: ThousandsMark;
  /** Currencies or units: a number may have one of them before or after it. */
  readonly units: readonly string[];
  /** `fraction`: 12 % is 0.12, and the sign must be there. `number`: 12 % is 12, with or without the sign. */
  readonly percent: 'none' | 'fraction' | 'number';
  /** Whether (12.50) is -12.50. */
  readonly brackets: boolean;
}

const decimals = { dot: '.', comma: ',' } as const;
const separators: Readonly<Record<Exclude<ThousandsMark, 'none'>, string>> = { comma: ',', dot: '.', space: ' ', apostrophe: "'", underscore: '_' };
const spaces = /[\u00a0\u2007\u2009\u202f]/g;

/** The error in a format, as a sentence, or null. */
export function numberFormatProblem({ decimal, thousands }: Pick<NumberFormat, 'decimal' | 'thousands'>): string | null {
  return decimal === thousands ? `The decimal sign and the thousands separator are both a ${decimal}` : null;
}

/** A number in this format, for messages: `-1.234,5 €`. */
export function numberExample({ decimal, thousands, units, percent, brackets }: NumberFormat): string {
  const digits = `1${thousands === 'none' ? '' : separators[thousands]}234${decimals[decimal]}5`;
  const number = brackets ? `(${digits})` : `-${digits}`;
  if (percent !== 'none') return `${number} %`;
  return units.length > 0 ? `${number} ${units[0]}` : number;
}

/**
 * Reads texts in a format as plain decimal text: `-1234.50`, `0.125`, `1.5e-3`. Null for texts that do not fit. Every digit is kept, so
 * that the caller decides which of them its type can hold. A sign may be before or after, next to the number or its unit. A group of
 * thousands does not begin with a zero: `0.125` is not 125.
 *
 * `asWritten` also keeps what is redundant in a number but may show that the text is not one: leading zeros (`007`), a plus, the sign of a
 * zero, and the form of an exponent.
 */
export function numberReader(format: NumberFormat, { asWritten = false } = {}): (text: string) => string | null {
  const { decimal, thousands, units, percent, brackets } = format;
  const mark = thousands === 'none' ? null : separators[thousands];
  const point = `\\${decimals[decimal]}`;
  const grouped = mark === null ? '' : `[1-9]\\d{0,2}(?:${mark === '.' ? '\\.' : mark}\\d{3})+|`;
  const digits = new RegExp(`^(${grouped}\\d+)?(?:${point}(\\d*))?(?:[eE]([+-]?\\d{1,3}))?$`);
  const normal = mark === "'" ? (text: string) => text.replaceAll('\u2019', "'") : (text: string) => text;
  const longestFirst = units.filter((unit) => unit !== '').sort((a, b) => b.length - a.length);

  return (given) => {
    const peeled = peel(normal(given.replace(spaces, ' ').replaceAll('\u2212', '-')).trim(), longestFirst, percent !== 'none', brackets);
    if (peeled === null || (percent === 'fraction' && !peeled.isPercent)) return null;
    const found = digits.exec(peeled.text);
    if (!found) return null;
    const [, grouped = '', fraction = '', exponent] = found;
    const whole = mark === null ? grouped : grouped.replaceAll(mark, '');
    if (whole === '' && fraction === '') return null;
    if (asWritten && !(peeled.isPercent && percent === 'fraction')) {
      return `${peeled.sign}${whole}${fraction === '' ? '' : `.${fraction}`}${exponent === undefined ? '' : `e${exponent}`}`;
    }
    const places = exponent === undefined ? '' : `e${Number(exponent)}`;
    const isNegative = peeled.sign === '-';
    if (peeled.isPercent && percent === 'fraction') {
      if (places !== '') return null;
      const shifted = whole.padStart(3, '0');
      return plain(shifted.slice(0, -2), shifted.slice(-2) + fraction, '', isNegative);
    }
    return plain(whole, fraction, places, isNegative);
  };
}

/** Writes JavaScript's text of a number (`-1234.5`, `1.5e-7`), or a decimal, so that numberReader reads the same back. */
export function numberWriter({ decimal, thousands }: Pick<NumberFormat, 'decimal' | 'thousands'>): (plain: string) => string {
  const mark = thousands === 'none' ? '' : separators[thousands];
  return (text) => {
    const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/.exec(text) ?? [];
    const grouped = mark === '' ? whole : whole.replace(/\B(?=(?:\d{3})+$)/g, mark);
    return `${sign}${grouped}${rest.replace('.', decimals[decimal])}`;
  };
}

function plain(whole: string, fraction: string, exponent: string, isNegative: boolean): string {
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  const sign = isNegative && /[1-9]/.test(whole + fraction) ? '-' : '';
  return `${sign}${digits}${fraction === '' ? '' : `.${fraction}`}${exponent}`;
}

interface Peeled {
  readonly text: string;
  readonly sign: '' | '+' | '-';
  readonly isPercent: boolean;
}

/** Removes what surrounds the digits, each kind once, from the outside in; null if brackets stay open or signs conflict. */
function peel(given: string, units: readonly string[], takesPercent: boolean, takesBrackets: boolean): Peeled | null {
  let text = given;
  let sign: Peeled['sign'] = '';
  let hasUnit = false;
  let isPercent = false;
  for (;;) {
    const before = text;
    if (sign === '' && /^[+-]/.test(text)) {
      sign = text[0] as '+' | '-';
      text = text.slice(1).trimStart();
    } else if (sign === '' && text.endsWith('-')) {
      sign = '-';
      text = text.slice(0, -1).trimEnd();
    } else if (sign === '' && takesBrackets && text.startsWith('(') && text.endsWith(')')) {
      sign = '-';
      text = text.slice(1, -1).trim();
    } else if (takesPercent && !isPercent && text.endsWith('%')) {
      isPercent = true;
      text = text.slice(0, -1).trimEnd();
    } else if (!hasUnit) {
      const unit = units.find((each) => text.startsWith(each) || text.endsWith(each));
      if (unit !== undefined) {
        hasUnit = true;
        text = text.startsWith(unit) ? text.slice(unit.length).trimStart() : text.slice(0, -unit.length).trimEnd();
      }
    }
    if (text === before) return { text, sign, isPercent };
  }
}
