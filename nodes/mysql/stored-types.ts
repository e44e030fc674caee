import type { ColumnType } from '../../model/values/types.ts';

/** What a column of a new table may be declared as. */
export const storedTypes = [
  'longtext',
  'text',
  'varchar(255)',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'bigint unsigned',
  'decimal(65,30)',
  'decimal(18,4)',
  'double',
  'float',
  'boolean',
  'datetime(6)',
  'datetime',
  'timestamp(6)',
  'date',
  'time(6)',
  'json',
  'longblob',
  'varbinary(255)',
] as const;
type StoredType = (typeof storedTypes)[number];

/** What a column is declared as where nothing else is said. */
export const declaredTypes: { readonly [type in ColumnType]: StoredType } = {
  string: 'longtext',
  integer: 'bigint',
  number: 'double',
  decimal: 'decimal(65,30)',
  boolean: 'boolean',
  timestamp: 'datetime(6)',
  date: 'date',
  json: 'json',
  bytes: 'longblob',
};
/** The same for columns of a key, whose length an index limits. */
export const declaredKeyTypes: typeof declaredTypes = { ...declaredTypes, string: 'varchar(255)', bytes: 'varbinary(255)' };
