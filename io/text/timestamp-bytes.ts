import { parseTimestamp } from '../../model/values/values.ts';

/**
 * Timestamps directly from bytes, by hand for `2026-01-31T12:00:00` with or without `Z`, seconds and milliseconds, which nearly all files
 * have. Caches the latest date, since consecutive rows are mostly of one day.
 */
export class TimestampBytes {
  /** The offset after the timestamp that was read last. */
  end = 0;
  /** The digits of a year and those of its month and day: 1970, 0101. */
  #year = 0x31393730;
  #monthAndDay = 0x30313031;
  #dateMs = 0;

  /** NaN for anything else, which may still be a timestamp. */
  read(bytes: Buffer, start: number): number {
    if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 13] !== 58) return Number.NaN;
    const separator = bytes[start + 10];
    if (separator !== 84 && separator !== 32) return Number.NaN;
    const year = ((bytes[start] ?? 0) << 24) | ((bytes[start + 1] ?? 0) << 16) | ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0);
    const monthAndDay = ((bytes[start + 5] ?? 0) << 24) | ((bytes[start + 6] ?? 0) << 16) | ((bytes[start + 8] ?? 0) << 8) | (bytes[start + 9] ?? 0);
    if (year !== this.#year || monthAndDay !== this.#monthAndDay) {
      const dateMs = parseTimestamp(bytes.toString('latin1', start, start + 10));
      if (dateMs === null) return Number.NaN;
      this.#year = year;
      this.#monthAndDay = monthAndDay;
      this.#dateMs = dateMs;
    }
    const hour = twoDigits(bytes, start + 11);
    const minute = twoDigits(bytes, start + 14);
    const hasSeconds = bytes[start + 16] === 58;
    const second = hasSeconds ? twoDigits(bytes, start + 17) : 0;
    let at = start + (hasSeconds ? 19 : 16);
    let ms = 0;
    if (hasSeconds && bytes[at] === 46) {
      const tenth = bytes[at + 1]! - 48;
      ms = tenth * 100 + twoDigits(bytes, at + 2);
      if (!(tenth >= 0 && tenth <= 9 && ms < 1000)) return Number.NaN;
      at += 4;
    }
    if (bytes[at] === 90) at++;
    if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
    this.end = at;
    return this.#dateMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms;
  }
}

/** NaN or more than 99 for anything but two digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}
