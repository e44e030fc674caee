/** What the library or the server says went wrong, as problems that say what to do. */
import { MillraceError, NotConnected, Permanent } from '@millrace/kit/errors';
import type { ConnectionParams } from './connection-params.ts';

interface Told {
  readonly code?: string;
  /** The server's number, or that of the system. */
  readonly errno?: number;
  readonly sqlState?: string;
  readonly message?: string;
}

/** The number with which the server says it; 0 for other errors. */
export function numberOf(error: unknown): number {
  const { errno, sqlState } = (error ?? {}) as Told;
  return sqlState !== undefined && typeof errno === 'number' ? errno : 0;
}
export function stateOf(error: unknown): string {
  return (error as Told | null)?.sqlState ?? '';
}
export function messageOf(error: unknown): string {
  return ((error as Told | null)?.message ?? String(error)).replace(/\.$/, '');
}

/** ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED, and what MySQL says to a client that was silent for too long. */
const endings = [1053, 1079, 1927, 4031];
/** Too many connections, in all or of this user. */
const full = [1040, 1203, 1226];

export function isLost(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as Told;
  return endings.includes(numberOf(error)) || code === 'PROTOCOL_CONNECTION_LOST' || /^E[A-Z]+$/.test(code) || /closed state|Connection lost/.test(message);
}

/** Why no session could be opened, or where it went. */
export function connectProblem(error: unknown, params: ConnectionParams): MillraceError {
  if (error instanceof MillraceError) return error;
  const { host, port, database, user } = params;
  const where = `${host}:${port}`;
  const { code = '' } = (error ?? {}) as Told;
  const number = numberOf(error);
  const says = messageOf(error);
  const cause = { cause: error };
  if ([1045, 1698, 1251].includes(number) || code === 'AUTH_SWITCH_PLUGIN_ERROR') {
    const message = `${where} refused user "${user}": ${says}.`;
    return new Permanent({ code: 'mysql/login', message, hint: 'Check user and password of the connection.', field: 'password' }, cause);
  }
  if (number === 1049) {
    const message = `${where} has no database "${database}".`;
    return new Permanent({ code: 'mysql/no-database', message, hint: 'Choose another database in the connection, or create it.', field: 'database' }, cause);
  }
  if ([1044, 1130, 1129, 1142, 1227].includes(number)) {
    const message = `${where} does not let user "${user}" in: ${says}.`;
    return new Permanent({ code: 'mysql/denied', message, hint: 'Ask an administrator for that right.', field: 'user' }, cause);
  }
  if ([1193, 1231, 1232, 1238].includes(number)) {
    const message = `${where} does not take a setting: ${says}.`;
    return new Permanent({ code: 'mysql/setting', message, hint: 'Correct the session settings of the connection.', field: 'options' }, cause);
  }
  if (full.includes(number)) {
    const message = `${where} takes no more connections: ${says}.`;
    return new NotConnected({ code: 'mysql/refused', message, hint: 'Close others, or raise max_connections at the server.', field: 'host' }, cause);
  }
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    const message = `${where} does not encrypt connections.`;
    const hint = 'Switch encryption on at the server, or choose the connection without it.';
    return new Permanent({ code: 'mysql/tls', message, hint, field: 'tls' }, cause);
  }
  if (number === 3159) {
    const message = `${where} takes only encrypted connections.`;
    return new Permanent({ code: 'mysql/tls', message, hint: 'Choose an encryption in the connection.', field: 'tls' }, cause);
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|SSL|PEM|OSSL/.test(code) || /certificate|altnames/i.test(says)) {
    const message = `The certificate of ${where} cannot be trusted: ${says}.`;
    const hint = 'Give the certificate of the authority that signed it, and the host name that it is for.';
    return new Permanent({ code: 'mysql/tls', message, hint, field: 'tls' }, cause);
  }
  const message =
    code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `There is no host "${host}".`
      : code === 'ECONNREFUSED'
        ? `Nothing answers at ${where}.`
        : `The connection to ${where} failed: ${says}.`;
  return new NotConnected({ code: 'mysql/away', message, hint: 'Check host and port of the connection, and that the server runs.', field: 'host' }, cause);
}

/** What the server answers to a statement of a run, where no row is at fault. */
export function statementProblem(error: unknown): unknown {
  const number = numberOf(error);
  if (error instanceof MillraceError || number === 0) return error;
  const says = messageOf(error);
  const cause = { cause: error };
  if ([1044, 1142, 1143, 1227, 1370].includes(number)) {
    const hint = 'Ask an administrator for that right.';
    return new MillraceError({ code: 'mysql/denied', message: `The server refuses it: ${says}.`, hint, field: 'connection' }, cause);
  }
  // Deadlock, lock wait timeout: the server has undone the transaction, or waits for another one.
  if (number === 1213 || number === 1205) {
    const hint = 'Other programs write the same rows. A stream begins again at its last checkpoint.';
    return new MillraceError({ code: 'mysql/locked', message: `Another transaction is in the way: ${says}.`, hint, field: 'table' }, cause);
  }
  return new MillraceError({ code: 'mysql/failed', message: `The server says: ${says} (${number}).`, hint: 'See what the server says.' }, cause);
}
