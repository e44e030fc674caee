/**
 * Sets this process and its threads to UTC, whatever the machine's zone is: users' code must give the same results everywhere. For
 * processes that run code. Processes that show times to people, or start such programs, stay local.
 */
export function runInUniversalTime(): void {
  process.env['TZ'] = 'UTC';
}
