import { IconBinary, IconBraces, IconCalendar, IconClock, IconCoins, IconDecimal, IconHash, IconLetterT, IconToggleLeft } from '@tabler/icons-react';
import type { ColumnType } from '../../model/values/types.ts';

const icons = {
  string: IconLetterT,
  integer: IconHash,
  number: IconDecimal,
  decimal: IconCoins,
  boolean: IconToggleLeft,
  timestamp: IconClock,
  date: IconCalendar,
  json: IconBraces,
  bytes: IconBinary,
};

/** The icon of a column type, the same in grids, pickers and editors. Its title is the type's name. */
export function TypeIcon({ type, size = 14 }: { readonly type: ColumnType; readonly size?: number }) {
  const Icon = icons[type] ?? IconLetterT;
  return (
    <span title={type} role="img" aria-label={type} style={{ display: 'inline-flex', flex: 'none', color: 'var(--text-3)' }}>
      <Icon size={size} stroke={1.6} aria-hidden />
    </span>
  );
}
