import { decimalOf, decimalOfNumber, isDecimalValue } from './decimal.ts';

/**
 * A decimal as users' code sees it: an object that JavaScript's operators refuse, as Temporal's objects and those of the proposal "Decimal"
 * do. `price * 2` and `a < b` throw instead of using doubles or texts; `${price}` and JSON give its digits. Only `decimalObject` can make
 * one.
 */
class DecimalObject {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }
  static textOf(value: object): string | null {
    return #text in value ? value.#text : null;
  }
  toString(): string {
    return this.#text;
  }
  toJSON(): string {
    return this.#text;
  }
  valueOf(): never {
    throw new TypeError(refusal);
  }
  [Symbol.toPrimitive](hint: string): string {
    if (hint !== 'string') throw new TypeError(refusal);
    return this.#text;
  }
}

const refusal = 'A decimal cannot be used with this operator or function: use decimal.add, decimal.multiply, decimal.compare, decimal.toNumber or their like';

// Users' code may get hold of the prototype, and must find no way there to make decimals or to change them.
Reflect.deleteProperty(DecimalObject.prototype, 'constructor');
for (const key of Reflect.ownKeys(DecimalObject.prototype)) {
  const method = DecimalObject.prototype[key as 'toString'] as object;
  Object.freeze(method);
}
Object.freeze(DecimalObject.prototype);

export type { DecimalObject };

/** The object for a decimal from a row. */
export function decimalObject(text: string): DecimalObject {
  return new DecimalObject(text);
}

/** The decimal that an object stands for, or null for anything else. Total, whatever users' code passes. */
export function decimalInside(value: unknown): string | null {
  return typeof value === 'object' && value !== null ? DecimalObject.textOf(value) : null;
}

/**
 * What the helpers of users' code accept as a decimal: a decimal, a number by the digits with which it is written, a big integer, or a
 * text. Null for anything else.
 */
export function decimalFrom(value: unknown): string | null {
  switch (typeof value) {
    case 'number':
      return decimalOfNumber(value);
    case 'bigint':
    case 'string':
      return decimalOf(String(value).trim());
    default:
      return decimalInside(value);
  }
}

/**
 * What code may return for a column of decimals: a decimal, a whole number, or a decimal's text. Null for anything else, including doubles
 * with decimals.
 */
export function decimalHandedOut(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? decimalOfNumber(value) : null;
  if (typeof value === 'string') return isDecimalValue(value) ? value : null;
  return decimalFrom(value);
}
