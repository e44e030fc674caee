import type { ColumnType } from '../../model/values/types.ts';

/** What a column of a new table may be declared as. */
export const storedTypes = [
  'text',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'boolean',
  'timestamptz',
  'timestamp',
  'date',
  'time',
  'interval',
  'json',
  'jsonb',
  'bytea',
  'uuid',
  'inet',
  'text[]',
  'bigint[]',
  'double precision[]',
] as const;

/** What a column is declared as where nothing else is said. */
export const declaredTypes: { readonly [type in ColumnType]: (typeof storedTypes)[number] } = {
  string: 'text',
  integer: 'bigint',
  number: 'double precision',
  decimal: 'numeric',
  boolean: 'boolean',
  timestamp: 'timestamptz',
  date: 'date',
  json: 'jsonb',
  bytes: 'bytea',
};
