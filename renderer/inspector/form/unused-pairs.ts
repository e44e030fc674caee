import type { Problem } from '../../../engine/protocol/messages.ts';

export type Pair = readonly [key: string, value: string];

/** Typed rows that the param cannot contain: those without a name, and all but the last of one name. */
export function unusedPairs(pairs: readonly Pair[], keyLabel: string): readonly Problem[] {
  const name = keyLabel.toLowerCase();
  const of = (message: string, hint: string): Problem => ({ code: 'form/unused', severity: 'warning', message, hint });
  return pairs.flatMap(([key, value], index) => {
    if (key === '') return value === '' ? [] : [of(`Row ${index + 1} has no ${name} and is not used`, `Give it a ${name}, or remove it.`)];
    const later = pairs.findIndex(([other], at) => at > index && other === key);
    return later < 0 ? [] : [of(`Row ${index + 1} is not used: row ${later + 1} has the ${name} “${key}” too`, 'Rename or remove one of them.')];
  });
}
