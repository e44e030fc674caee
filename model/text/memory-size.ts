/** An amount of memory: in bytes, or as a share of the machine's. */
import { missing } from '../faults/missing.ts';

export type MemorySize = { readonly bytes: number } | { readonly share: number };

const units: { readonly [unit: string]: number } = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** `512MB`, `2 GB`, `25%`; a number without a unit is in megabytes. Null for anything else, and for zero or less. */
export function memorySize(text: string): MemorySize | null {
  const [, digits, unit = 'mb'] = /^(\d+(?:\.\d+)?)\s*(%|[kmg]b)?$/i.exec(text.trim()) ?? [];
  const amount = Number(digits ?? 0);
  if (!(amount > 0)) return null;
  if (unit === '%') return amount <= 100 ? { share: amount / 100 } : null;
  return { bytes: amount * (units[unit.toLowerCase()] ?? missing(`the unit ${unit}`)) };
}
