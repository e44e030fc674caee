import type { NodeManifest } from '../../engine/protocol/messages.ts';

/**
 * How well a text matches a query: 0 is not at all, more is better. The letters must occur in order; beginnings of words and consecutive
 * letters count more.
 */
export function fitness(query: string, text: string): number {
  const wanted = query.toLowerCase();
  const given = text.toLowerCase();
  const at = given.indexOf(wanted);
  if (at >= 0) return 100 + wanted.length - Math.min(at, 40) + (isWordStart(given, at) ? 60 : 0);
  let score = 0;
  let from = 0;
  let previous = -2;
  for (const letter of wanted) {
    if (letter === ' ') continue;
    const next = given.indexOf(letter, from);
    if (next < 0) return 0;
    score += next === previous + 1 ? 4 : isWordStart(given, next) ? 3 : -1;
    previous = next;
    from = next + 1;
  }
  return Math.max(score, 0);
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text[at - 1] ?? '');
}

/**
 * Nodes that match, best first; all of them in their own order for an empty query. Every word must match somewhere. Nodes for benchmarks
 * are found only by their whole title.
 */
export function searchNodes(nodes: readonly NodeManifest[], query: string): readonly NodeManifest[] {
  const parts = query.trim().split(/\s+/).filter(Boolean);
  const asked = query.trim().toLowerCase();
  const offered = nodes.filter(({ forBenchmarks, title }) => !forBenchmarks || title.toLowerCase() === asked);
  if (parts.length === 0) return offered;
  return offered
    .map((node) => {
      const scores = parts.map((word) => {
        const title = fitness(word, node.title) * 4;
        // Scattered letters count only in a title; elsewhere whole parts must match.
        const words = [...node.keywords, node.category, node.type].filter((text) => text.toLowerCase().includes(word.toLowerCase()));
        const keyword = Math.max(0, ...words.map((text) => fitness(word, text))) * 2;
        const summary = node.summary.toLowerCase().includes(word.toLowerCase()) ? 80 : 0;
        return Math.max(title, keyword, summary);
      });
      return { node, score: scores.every((score) => score > 0) ? scores.reduce((sum, score) => sum + score, 0) : 0 };
    })
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score)
    .map(({ node }) => node);
}

/** Nodes by category; both in the order of the catalogue. */
export function byCategory(nodes: readonly NodeManifest[]): readonly (readonly [category: string, members: readonly NodeManifest[]])[] {
  const groups = new Map<string, NodeManifest[]>();
  for (const node of nodes) groups.set(node.category, [...(groups.get(node.category) ?? []), node]);
  return [...groups];
}

/** Titles that several nodes have, such as the source and the sink for one kind of file. */
export function sameTitles(nodes: readonly NodeManifest[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(nodes.map((node) => node.title).filter((title) => seen.has(title) || !seen.add(title)));
}
