/** Looks at what a run left behind. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Example } from '@millrace/kit/node';
import Database from 'better-sqlite3';
import { isDecimalValue } from '../../model/values/decimal.ts';
import type { Column, Row, Schema, Value } from '../../model/values/types.ts';

/** What files of `writes` hold after a run, in the form of the declaration; null for a file that is not there. */
export async function readWritten(folder: string, writes: NonNullable<Example<any>['writes']>): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [path, expected] of Object.entries(writes)) {
    const file = join(folder, path);
    if (!existsSync(file)) found[path] = null;
    else if (typeof expected === 'string') found[path] = await readFile(file, 'utf8');
    else found[path] = readTables(file, Object.keys(expected));
  }
  return found;
}

function readTables(file: string, tables: readonly string[]): Record<string, unknown[]> {
  const database = new Database(file, { readonly: true });
  try {
    return Object.fromEntries(
      tables.map((table) => {
        const rows = database.prepare(`SELECT * FROM "${table.replaceAll('"', '""')}"`).all() as Record<string, unknown>[];
        // A Buffer is a Uint8Array that equals no other.
        return [
          table,
          rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? new Uint8Array(value) : value]))),
        ];
      }),
    );
  } finally {
    database.close();
  }
}

/** Why a row does not conform to a schema, or null. */
export function nonconformity(row: Row, schema: Schema): string | null {
  const names = Object.keys(row);
  const missing = schema.columns.find((column) => !Object.hasOwn(row, column.name));
  if (missing) return `lacks the column "${missing.name}"`;
  const extra = names.find((name) => !schema.columns.some((column) => column.name === name));
  if (extra !== undefined) return `has the column "${extra}", which was not promised`;
  const wrong = schema.columns.find((column) => !isOf(row[column.name], column));
  return wrong
    ? `has ${String(JSON.stringify(row[wrong.name]))} in the column "${wrong.name}", which is ${wrong.nullable ? 'nullable ' : ''}${wrong.type}`
    : null;
}

function isOf(value: Value | undefined, { type, nullable }: Column): boolean {
  if (value === null) return nullable;
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'decimal':
      return typeof value === 'string' && isDecimalValue(value);
    case 'timestamp':
      return Number.isInteger(value) && Math.abs(value as number) <= 8_640_000_000_000_000;
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
    case 'bytes':
      return value instanceof Uint8Array;
    case 'json':
      return value !== undefined && !(value instanceof Uint8Array);
  }
}
