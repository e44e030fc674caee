/** How deep JSON from outside may be nested: the code after it (schemas, serialisers) is recursive, with a limited stack. */
export const deepestJson = 1000;

/** How deep the value of one cell may be: recursive code copies and shows it, with other things around it. */
export const deepestValue = 500;

const quote = 0x22;
const backslash = 0x5c;

/** Whether a text has more brackets open at once than that. Takes one pass; does not check whether the text is JSON. */
export function isTooDeep(text: string, deepest = deepestJson): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      for (i++; i < text.length; i++) {
        const inside = text.charCodeAt(i);
        if (inside === backslash) i++;
        else if (inside === quote) break;
      }
      // Brackets: [ and {, ] and }.
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

/** Throws a SyntaxError if the text of a cell, or of a row, is nested deeper than values may be. */
export function refuseDeepValue(text: string): void {
  if (text.length > 2 * deepestValue && isTooDeep(text, deepestValue)) throw new SyntaxError(`it is nested more than ${deepestValue} levels deep`);
}

/** The same for a value. */
export function isTooDeepValue(value: unknown, deepest = deepestJson): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (deepest === 0) return true;
  const members = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => typeof member === 'object' && isTooDeepValue(member, deepest - 1));
}
