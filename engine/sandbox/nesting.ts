import { type Token, type TokenType, tokenizer, tokTypes } from 'acorn';

const openers = new Set([tokTypes.parenL, tokTypes.bracketL, tokTypes.braceL, tokTypes.dollarBraceL]);
const closers = new Set([tokTypes.parenR, tokTypes.bracketR, tokTypes.braceR]);
/** What follows one of these may be one level deeper, without any bracket. */
const links = new Set([
  tokTypes.question,
  tokTypes.eq,
  tokTypes.assign,
  tokTypes.arrow,
  tokTypes.colon,
  tokTypes._new,
  tokTypes._if,
  tokTypes._for,
  tokTypes._while,
]);
/** The same before a type or a value. */
const prefixes = new Set(['keyof', 'readonly', 'unique', 'infer', 'asserts', 'await', 'yield']);
/** A statement begins, or the next of several items side by side. */
const starts = new Set([
  tokTypes.semi,
  tokTypes.comma,
  tokTypes._const,
  tokTypes._var,
  tokTypes._return,
  tokTypes._throw,
  tokTypes._function,
  tokTypes._export,
]);

/** Acorn marks what precedes an operand; its declarations omit that. */
type Prefixed = TokenType & { readonly prefix?: boolean };

/**
 * Where TypeScript is nested more than `limit` deep, or null. If in doubt, yes: code that is nested by some thousands of levels breaks
 * Node's own type stripper for as long as the thread lives.
 */
export function nestedTooDeeply(source: string, limit: number): number | null {
  const outer: { readonly chain: number; readonly angles: number }[] = [];
  let chain = 0;
  let angles = 0;
  let above = 0;
  try {
    for (const token of tokenizer(source, { ecmaVersion: 'latest', sourceType: 'module' })) {
      const { type, value } = token as Token & { readonly type: Prefixed; readonly value?: unknown };
      if (openers.has(type)) {
        outer.push({ chain, angles });
        above += 1 + chain + angles;
        chain = 0;
        angles = 0;
      } else if (closers.has(type)) {
        ({ chain, angles } = outer.pop() ?? { chain: 0, angles: 0 });
        above = Math.max(0, above - 1 - chain - angles);
        if (type === tokTypes.braceR && /[\w$}]/.test(/\S/.exec(source.slice(token.end, token.end + 200))?.[0] ?? '}')) chain = 0;
      } else if (starts.has(type)) {
        chain = 0;
        if (type !== tokTypes.comma) angles = 0;
      } else if (links.has(type) || type.prefix || (type === tokTypes.name && prefixes.has(String(value)))) chain++;
      else if (type === tokTypes.relational && value === '<') angles++;
      else if (/^>+$/.test(String(value))) angles = Math.max(0, angles - String(value).length);
      if (above + chain + angles > limit) return token.start;
    }
  } catch {
    // Not a token: the stripper reports what is wrong with it.
  }
  return null;
}
