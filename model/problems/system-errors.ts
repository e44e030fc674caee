/** Errors of the operating system or SQLite, sorted by what can be done about them. */
import type { Problem } from './problem.ts';

/** No room is left on the disk, or in a user's quota. */
const noRoom = /^(ENOSPC|EDQUOT|SQLITE_FULL)$/;
/** A device, a network or a table of the system that fails for a while. */
const unavailable =
  /^(EIO|EMFILE|ENFILE|ENOMEM|ENOBUFS|EAGAIN|EBUSY|EINTR|ESTALE|ETIMEDOUT|ENODEV|ENXIO|ENOTCONN|ENETDOWN|ENETUNREACH|EHOSTDOWN|EHOSTUNREACH|EREMOTEIO|ESHUTDOWN|UNKNOWN|SQLITE_IOERR.*|SQLITE_NOMEM|SQLITE_PROTOCOL)$/;

export function isNoRoom(code: string): boolean {
  return noRoom.test(code);
}

export function isUnavailable(code: string): boolean {
  return unavailable.test(code);
}

/** The problem for an error of the machine that no caller has described; null for anything else. */
export function systemProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { code, message } = error as Error & { readonly code?: unknown };
  if (typeof code !== 'string') return null;
  if (isNoRoom(code)) return { code: 'system/no-room', severity: 'error', message: `The disk is full (${message}).`, hint: 'Make room there.' };
  if (!isUnavailable(code)) return null;
  return {
    code: 'system/unavailable',
    severity: 'error',
    message: `The system refused something for now (${message}).`,
    hint: 'Check its disks and network folders.',
  };
}
