/** SQLite's errors, and the names of its result codes (rescode.html) for a library that gives them as numbers. */

/** From 1 on. */
const primary =
  'ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB NOTICE WARNING'.split(
    ' ',
  );
/** What the second byte of a code adds to its first one, from 1 on. */
const extended: { readonly [name: string]: string } = {
  ERROR: 'MISSING_COLLSEQ RETRY SNAPSHOT RESERVESIZE KEY UNABLE',
  ABORT: '- ROLLBACK',
  BUSY: 'RECOVERY SNAPSHOT TIMEOUT',
  LOCKED: 'SHAREDCACHE VTAB',
  READONLY: 'RECOVERY CANTLOCK ROLLBACK DBMOVED CANTINIT DIRECTORY',
  IOERR:
    'READ SHORT_READ WRITE FSYNC DIR_FSYNC TRUNCATE FSTAT UNLOCK RDLOCK DELETE BLOCKED NOMEM ACCESS CHECKRESERVEDLOCK LOCK CLOSE DIR_CLOSE SHMOPEN SHMSIZE SHMLOCK SHMMAP SEEK DELETE_NOENT MMAP GETTEMPPATH CONVPATH VNODE AUTH BEGIN_ATOMIC COMMIT_ATOMIC ROLLBACK_ATOMIC DATA CORRUPTFS IN_PAGE BADKEY CODEC',
  CORRUPT: 'VTAB SEQUENCE INDEX',
  CANTOPEN: 'NOTEMPDIR ISDIR FULLPATH CONVPATH DIRTYWAL SYMLINK',
  CONSTRAINT: 'CHECK COMMITHOOK FOREIGNKEY FUNCTION NOTNULL PRIMARYKEY TRIGGER UNIQUE VTAB ROWID PINNED DATATYPE',
  AUTH: 'USER',
};

/** Such as SQLITE_CONSTRAINT_UNIQUE for 2067. An unknown extended code has the name of its primary code. */
export function codeName(code: number): string {
  const kind = primary[(code & 255) - 1];
  if (!kind) return `SQLITE_${code}`;
  const more = code > 255 ? extended[kind]?.split(' ')[(code >> 8) - 1] : undefined;
  return more && more !== '-' ? `SQLITE_${kind}_${more}` : `SQLITE_${kind}`;
}

export class SqliteError extends Error {
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SqliteError';
    this.code = code;
  }
}

/** The libraries would take what comes before it as the whole text. */
export function refuseNul(sql: string): void {
  if (sql.includes('\0')) throw new SqliteError('unrecognized token: a NUL character', 'SQLITE_ERROR');
}
