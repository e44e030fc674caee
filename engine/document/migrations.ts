import type { Json } from '../../model/values/types.ts';

/** A step of the file format: takes a whole document of version `to - 1`. Upwards only. */
export interface DocumentMigration {
  readonly to: number;
  readonly name: string;
  migrate(document: { readonly [key: string]: Json }): { readonly [key: string]: Json };
}

/** The steps from version 1 on. To add one, also add a file of the old version under test/fixtures/documents. */
export const documentMigrations: readonly DocumentMigration[] = [];

/** The format's version to which the steps lead. Throws if their numbers do not rise by one from 2. */
export function newestVersion(migrations: readonly DocumentMigration[]): number {
  migrations.forEach((migration, index) => {
    if (migration.to !== index + 2) throw new Error(`Document migration "${migration.name}" leads to ${migration.to}, expected ${index + 2}`);
  });
  return migrations.length + 1;
}
