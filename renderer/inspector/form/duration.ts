const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof units;

const part = /\s*(\d+(?:\.\d+)?)\s*(?:(?<ms>ms|milliseconds?)|(?<s>s|secs?|seconds?)|(?<m>m|mins?|minutes?)|(?<h>h|hrs?|hours?)|(?<d>d|days?))(?![a-z])/giy;

/**
 * `500ms`, `10s`, `1.5h`, `1h 30m`, `10 minutes` as whole milliseconds; null for anything else, including a number without a unit and
 * fractions of a millisecond.
 */
export function parseDuration(text: string): number | null {
  const parts = [...text.trim().matchAll(part)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text.trim()) return null;
  const total = parts.reduce(
    (sum, { 1: count, groups }) => sum + Number(count) * units[Object.keys(units).find((unit) => groups?.[unit] !== undefined) as Unit],
    0,
  );
  const whole = Math.round(total);
  // 1.005 s are 1004.9999999999999 ms in binary.
  return Number.isSafeInteger(whole) && Math.abs(total - whole) <= total * 1e-12 ? whole : null;
}

/** The shortest exact form: `90s`, `5m`, `1h`, `1500ms`. */
export function formatDuration(ms: number): string {
  const exact = (Object.entries(units) as [Unit, number][]).reverse().find(([, size]) => ms >= size && ms % size === 0);
  if (ms === 0) return '0s';
  return exact ? `${ms / exact[1]}${exact[0]}` : `${ms}ms`;
}
