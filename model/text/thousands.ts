/**
 * A whole number as people read it: `1,234,567`. The locale's own formatter first loads tables that take a fifth of the time in which all
 * nodes are loaded.
 */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
