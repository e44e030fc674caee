import { formatTimestamp } from '../../model/time/timestamp.ts';

const pad = (length: number, count: number) => Array.from({ length: count }, (_, i) => String(i).padStart(length, '0'));
const seconds = pad(2, 60);
const millis = pad(3, 1000).map((text) => `.${text}Z`);

/** How many minutes are cached; a power of two. */
const remembered = 64;

/**
 * `formatTimestamp` for many values in a row: caches the latest minutes, since neighbouring rows mostly share them, and those of
 * neighbouring columns (a window's start and end) are few. Takes a third of the time of a Date for each.
 */
export function timestampFormatter(): (ms: number) => string {
  const minutes = new Float64Array(remembered).fill(Number.NaN);
  const prefixes: string[] = new Array(remembered).fill('');
  return (ms) => {
    const own = Math.floor(ms / 60_000);
    const slot = own & (remembered - 1);
    if (own !== minutes[slot]) {
      const text = formatTimestamp(own * 60_000);
      // Rounded down to the minute, the earliest timestamps are outside the range of a Date.
      if (!text.endsWith(':00.000Z')) return formatTimestamp(ms);
      minutes[slot] = own;
      prefixes[slot] = text.slice(0, -7);
    }
    const rest = ms - own * 60_000;
    const second = (rest / 1000) | 0;
    return prefixes[slot]! + seconds[second]! + millis[rest - second * 1000]!;
  };
}
