const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof units;

/** `500ms`, `10s`, `1.5h`, `1h 30m` as milliseconds; null for anything else, also for a number without a unit. */
export function parseDuration(text: string): number | null {
  const parts = [...text.trim().matchAll(/\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)(?![a-z])/gy)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.trim()) return null;
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * units[part[2] as Unit], 0);
  return Math.round(total);
}

/** The shortest exact form: `90s`, `5m`, `1h`, `1500ms`. */
export function formatDuration(ms: number): string {
  const exact = (Object.entries(units) as [Unit, number][]).reverse().find(([, size]) => ms >= size && ms % size === 0);
  return exact ? `${ms / exact[1]}${exact[0]}` : `${ms}ms`;
}
