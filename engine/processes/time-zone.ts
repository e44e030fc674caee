/**
 * From now on this process and its threads are in UTC, whatever the machine's own zone is: users' code must give the same
 * results everywhere. For processes that run code. Those that show times to people, or start such programs, stay local.
 */
export function runInUniversalTime(): void {
  process.env['TZ'] = 'UTC';
}
