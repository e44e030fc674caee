import { MillraceError } from '../../../model/problems/problem.ts';
import { decimalInside, decimalObject } from '../../../model/values/decimal-object.ts';
import type { State } from '../../../model/values/types.ts';

const maxDepth = 32;
/** Of one key. More is a fault in the code rather than a state. */
export const maxStateBytes = 1024 * 1024;

const missing = Symbol('missing');
/** The name of the only field of what stands for a decimal. */
const decimalMark = '$decimal';
type PlainObject = { readonly [name: string]: State };

/** Copies what users' code wants to keep: afterwards it is plain data that the code holds no part of. */
export class StateCopier {
  /** About how many bytes the last copy takes. */
  bytes = 0;
  readonly #field: string;
  /** Where in the state the copy is at. */
  readonly #path: (string | number)[] = [];

  /** `field` is the param that the code stands in. */
  constructor(field: string) {
    this.#field = field;
  }

  /**
   * A copy of `value`, or `before` itself where both are equal. Throws a MillraceError that names the part which cannot be
   * kept; and whatever the value's own code throws, as it may have getters.
   */
  copy(value: unknown, before: State): State {
    this.bytes = 0;
    this.#path.length = 0;
    return this.#any(value, before);
  }

  /** A copy of what was kept, for the code to change. */
  static own(state: State): State {
    if (typeof state !== 'object' || state === null) return state;
    if (Array.isArray(state)) return state.map(StateCopier.own);
    if (state instanceof Uint8Array) return new Uint8Array(state);
    if (Object.hasOwn(state, decimalMark)) return decimalObject((state as PlainObject)[decimalMark] as string) as unknown as State;
    const copy = { ...state } as { [name: string]: State };
    for (const name in copy) {
      const part = copy[name];
      if (typeof part === 'object' && part !== null)
        Object.defineProperty(copy, name, { value: StateCopier.own(part), enumerable: true, configurable: true, writable: true });
    }
    return copy;
  }

  #any(value: unknown, before: State): State {
    switch (typeof value) {
      case 'number':
      case 'boolean':
      case 'undefined':
        this.#count(8);
        return value;
      case 'string':
        this.#count(16 + 2 * value.length);
        return value;
      case 'object':
        break;
      case 'bigint':
        return this.#refuse('is a big integer', 'Keep it as a text: String(…).');
      default:
        return this.#refuse(`is a ${typeof value}`);
    }
    if (value === null) return value;
    if (this.#path.length >= maxDepth) return this.#refuse(`is nested more than ${maxDepth} deep, or holds itself`);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#object(value, before);
    if (prototype === Array.prototype && Array.isArray(value)) return this.#list(value, before);
    if (prototype === Uint8Array.prototype) return this.#bytesOf(value as Uint8Array);
    const decimal = decimalInside(value);
    if (decimal !== null) return this.#decimal(decimal, before);
    return this.#refuse(`is ${nameOf(prototype)}`);
  }

  #object(value: object, before: State): State {
    const old = isObject(before) ? before : null;
    // Reads getters once; from here on the copy is what counts.
    const copy: { [name: string]: unknown } = { ...value };
    let same = old !== null;
    let count = 0;
    for (const name in copy) {
      count++;
      const part = copy[name];
      const earlier = old !== null && Object.hasOwn(old, name) ? old[name] : missing;
      if (typeof part === 'number') this.bytes += 24 + 2 * name.length;
      else {
        this.#count(16 + 2 * name.length);
        const own = this.#part(name, part, earlier === missing ? undefined : (earlier as State));
        // Not by assignment, which `__proto__` would take for something else.
        if (own !== part) Object.defineProperty(copy, name, { value: own, enumerable: true, configurable: true, writable: true });
        same &&= Object.is(own, earlier);
        continue;
      }
      same &&= Object.is(part, earlier);
    }
    this.#count(0);
    if (Object.getOwnPropertySymbols(copy).length > 0) this.#refuse('has a symbol among its names');
    if (Object.hasOwn(copy, decimalMark)) this.#refuse(`has a field "${decimalMark}"`, 'Give the field another name.');
    return same && Object.keys(old ?? {}).length === count ? before : (copy as PlainObject);
  }

  #decimal(text: string, before: State): State {
    this.#count(40 + text.length);
    return isObject(before) && before[decimalMark] === text ? before : { [decimalMark]: text };
  }

  #list(value: readonly unknown[], before: State): State {
    const old = Array.isArray(before) ? (before as readonly State[]) : null;
    const { length } = value;
    let same = old?.length === length;
    const copy: State[] = [];
    for (let i = 0; i < length; i++) {
      this.#count(8);
      const part = this.#part(i, value[i], old?.[i]);
      same &&= Object.is(part, old?.[i]);
      copy.push(part);
    }
    return same ? before : copy;
  }

  #part(name: string | number, value: unknown, before: State): State {
    this.#path.push(name);
    const part = this.#any(value, before);
    this.#path.pop();
    return part;
  }

  #bytesOf(value: Uint8Array): State {
    const copy = new Uint8Array(value);
    this.#count(copy.length);
    return copy;
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes <= maxStateBytes) return;
    this.#path.length = Math.min(this.#path.length, 1);
    this.#refuse(`takes more than ${maxStateBytes / 1024 / 1024} MiB for one key`, 'Keep less: sums and counts rather than rows, or only the last few.');
  }

  #refuse(what: string, hint = 'A state holds numbers, decimals, texts, true or false, null, bytes, and objects and lists of these.'): never {
    const path = this.#path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
    throw new MillraceError({ code: 'code/state', message: `This state cannot be kept: state${shown} ${what}`, hint, field: this.#field });
  }
}

function isObject(value: State): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function nameOf(prototype: unknown): string {
  const known = [Map, Set, Date, RegExp, Promise, WeakMap, WeakSet, Error].find((type) => type.prototype === prototype);
  return known ? `a ${known.name}` : 'an object of a class';
}
