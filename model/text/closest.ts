/** Longer names are not typing errors. */
const longestName = 60;
/** The maximum number of candidates that are compared: a file may name thousands of missing columns. */
const mostCandidates = 500;

/**
 * The candidate that a mistyped name most likely meant, or null if none is near (a third of its letters, at least one, may differ). Takes
 * limited time, whatever the names: only the first candidates are compared, and a long name has none near.
 */
export function closest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > longestName) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 0.5;
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > mostCandidates) break;
    if (Math.abs(candidate.length - name.length) > bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean "temperature"?`, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = closest(name, candidates);
  return near === null ? '' : `; did you mean "${near}"?`;
}

/** How many letters must be replaced, added, removed or swapped with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  const at = (row: readonly number[], j: number) => row[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current.push(Math.min(replaced, at(previous, j) + 1, at(current, j - 1) + 1, swaps ? at(beforePrevious, j - 2) + 1 : Number.POSITIVE_INFINITY));
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}
