import type { Function as FunctionNode } from 'acorn';
import { arrayOf, never, nullable, objectOf, of, type Shape, union } from './shape.ts';

/**
 * The rows that a function's return type annotation promises, if it is written out: `{ a: number; b?: string | null }`, lists of such,
 * `Row`, and unions of them with null. Null for every other annotation, and for none. Type stripping keeps positions, so the annotation is
 * in `text` between the parameters and the body.
 */
export function declaredReturn(code: FunctionNode, text: string, row: Shape): Shape | null {
  const annotation = /\)\s*:([\s\S]*?)(?:=>)?\s*$/.exec(text.slice(code.params.at(-1)?.end ?? code.start, code.body.start));
  if (!annotation) return null;
  const reader = new TypeReader(annotation[1] ?? '', row);
  const shape = reader.type();
  if (!shape || !reader.atEnd()) return null;
  const rows = shape.is === 'array' ? (shape.item ?? never) : shape;
  return rows.is === 'object' ? { ...rows, nullable: false } : null;
}

/** The meaning of `interface Name { … }` or `type Name = …` in the user's text, if it is written out like a return type; otherwise null. */
export function namedType(text: string, name: string, row: Shape): Shape | null {
  const declared = new RegExp(`\\b(?:interface\\s+${name}\\s*(?=\\{)|type\\s+${name}\\s*=)`).exec(text);
  return declared ? new TypeReader(text.slice(declared.index + declared[0].length), row).type() : null;
}

const keywords: Readonly<Record<string, Shape>> = {
  string: of('string'),
  number: of('number'),
  boolean: of('boolean'),
  true: of('boolean'),
  false: of('boolean'),
  null: of('null', true),
  undefined: of('null', true),
  Date: of('Date'),
  Decimal: of('decimal'),
  Uint8Array: of('bytes'),
};

/** A recursive-descent reader of the small part of TypeScript's types that describes rows. Returns null for anything else. */
class TypeReader {
  readonly #tokens: readonly string[];
  readonly #row: Shape;
  #at = 0;

  constructor(text: string, row: Shape) {
    const plain = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ');
    this.#tokens = plain.match(/[A-Za-z_$][\w$]*|"[^"\\]*"|'[^'\\]*'|\d+|\S/g) ?? [];
    this.#row = row;
  }
  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }
  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  type(): Shape | null {
    this.#take('|');
    let result = this.#all();
    while (result && this.#take('|')) {
      const next = this.#all();
      result = next && union(result, next);
    }
    return result;
  }
  /** `Row & { more: string }` */
  #all(): Shape | null {
    let result = this.#list();
    while (result && this.#take('&')) {
      const next = this.#list();
      if (!next || result.is !== 'object' || next.is !== 'object') return null;
      result = objectOf(new Map([...(result.fields ?? []), ...(next.fields ?? [])]));
    }
    return result;
  }
  #list(): Shape | null {
    let result = this.#one();
    while (result && this.#take('[')) result = this.#take(']') ? arrayOf(result) : null;
    return result;
  }
  #one(): Shape | null {
    const token = this.#tokens[this.#at];
    if (token === undefined) return null;
    this.#at++;
    if (token === '(') {
      const inner = this.type();
      return this.#take(')') ? inner : null;
    }
    if (token === '{') return this.#object();
    if (token === 'readonly') return this.#list();
    if (token === 'Row') return { ...this.#row, row: false };
    if (token === 'Array' || token === 'ReadonlyArray') {
      const item = this.#take('<') ? this.type() : null;
      return item && this.#take('>') ? arrayOf(item) : null;
    }
    if (/^["']/.test(token)) return of('string');
    if (/^\d/.test(token)) return of('number');
    return (Object.hasOwn(keywords, token) && keywords[token]) || null;
  }
  #object(): Shape | null {
    const fields = new Map<string, Shape>();
    while (!this.#take('}')) {
      this.#take('readonly');
      const name = this.#tokens[this.#at++];
      if (name === undefined) return null;
      const optional = this.#take('?');
      const shape = this.#take(':') ? this.type() : null;
      if (!shape) return null;
      fields.set(/^["']/.test(name) ? name.slice(1, -1) : name, optional ? nullable(shape) : shape);
      if (!this.#take(';')) this.#take(',');
    }
    return objectOf(fields);
  }
}
