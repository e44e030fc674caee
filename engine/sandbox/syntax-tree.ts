import type { AnyNode } from 'acorn';

/** The child nodes of a node of a syntax tree. */
export function partsOf(node: AnyNode): AnyNode[] {
  const parts: AnyNode[] = [];
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) {
      for (const each of child) if (typeof each?.type === 'string') parts.push(each);
    } else if (typeof child?.type === 'string') parts.push(child);
  }
  return parts;
}
