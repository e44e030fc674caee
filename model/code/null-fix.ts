/** Edits of users' code for places where null may occur: another value, or an optional link. */
import type { CodeFix } from '../problems/problem.ts';

/** A part of a code that may be null. */
export interface NullPart {
  /** Offsets in the code. */
  readonly start: number;
  readonly end: number;
  /** A name, a member or a call: nothing in it binds less tightly than `??`. */
  readonly plain: boolean;
  /** It stands alone, as an argument does, so that `??` needs no parentheses. */
  readonly alone: boolean;
}

/** The maximum length of the code in a title. */
const longest = 40;

/** `row.price` becomes `(row.price ?? 0)`. */
export function insteadOfNull(code: string, part: NullPart, value: '0' | '""'): CodeFix {
  const text = withInstead(code, part, value);
  const alone = part.alone || (/\(\s*$/.test(code.slice(0, part.start)) && /^\s*\)/.test(code.slice(part.end)));
  return codeFix(code, part.start, part.end, alone ? text : `(${text})`, text);
}

/** `sum += row.price` becomes `sum = (sum ?? 0) + (row.price)`, if `sum` may be null. */
export function insteadOfNullTarget(code: string, target: NullPart, operator: string, right: NullPart, value: '0' | '""'): CodeFix {
  const name = code.slice(target.start, target.end);
  const added = code.slice(right.start, right.end);
  const text = `${name} = (${name} ?? ${value}) ${operator} ${right.plain ? added : `(${added})`}`;
  return codeFix(code, target.start, right.end, text, text);
}

/** `row.name.trim` becomes `row.name?.trim`: `end` is that of the object, possibly in parentheses, `till` that of the member. */
export function optionalLink(code: string, end: number, till: number): CodeFix | undefined {
  const link = code.slice(end, till);
  if (!/^[\s)]*[.[]/.test(link)) return undefined;
  const text = link.replace(/[.[]/, (sign) => (sign === '.' ? '?.' : '?.['));
  return { ...codeFix(code, end, till, text, ''), title: `Write \`${short(text.replace(/^[\s)]+/, ''))}\`` };
}

/** The same if only the place from V8 is known: of the name after a dot, or of a bracket; undefined if neither is there. */
export function optionalLinkAt(code: string, place: number, key: string): CodeFix | undefined {
  const isBracket = code[place] === '[';
  const before = code.slice(0, place);
  const space = (isBracket ? /(?<!\?\.)\s*$/ : /\s*(?<![.?])\.\s*$/).exec(before);
  if (!space || (!isBracket && !code.startsWith(key, place))) return undefined;
  return optionalLink(code, space.index, isBracket ? place + 1 : place + key.length);
}

function withInstead(code: string, { start, end, plain }: NullPart, value: string): string {
  const part = code.slice(start, end);
  return `${plain ? part : `(${part})`} ?? ${value}`;
}

function codeFix(code: string, start: number, end: number, text: string, shown: string): CodeFix {
  return { title: `Replace with \`${short(shown)}\``, at: start, before: code.slice(start, end), text };
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
