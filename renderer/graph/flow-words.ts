import { formatShort } from '../format/run-text.ts';

/** The approximate width of the label's characters, at its size in canvas.css. */
const characterWidth = 5.05;

/**
 * The label of an edge with its rows: how many, and how many a second; only what fits into `room` pixels, as half a number would be a wrong
 * one.
 */
export function flowWords(rows: number, rate: number, room: number): string {
  const count = formatShort(rows);
  const words = rate > 0 ? [`${count} · ${formatShort(rate)}/s`, count] : [count];
  return words.find((candidate) => candidate.length * characterWidth <= room) ?? '';
}
