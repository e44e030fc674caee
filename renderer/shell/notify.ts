import { notifications } from '@mantine/notifications';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { Problem } from '../../engine/protocol/messages.ts';
import { visible, visibleLines } from '../../model/text/visible-text.ts';

const colors = { error: 'red', warning: 'yellow', info: 'accent' } as const;

/** A message at the lower right that disappears by itself; errors stay longer. */
export function notify(message: string, severity: Problem['severity'] = 'info', title?: string): void {
  // The same message again replaces the first.
  notifications.hide(message);
  notifications.show({
    id: message,
    title: title && visible(title),
    message: visibleLines(message),
    color: colors[severity],
    autoClose: severity === 'error' ? 12_000 : 4_000,
    withBorder: true,
  });
}

/** Removes a message that is no longer true. */
export function forgetNotice(message: string): void {
  notifications.hide(message);
}

/** Shows the error and what to do, for anything thrown by a request. Cancelled requests show nothing. */
export function notifyError(error: unknown, what?: string): void {
  const problem = problemOf(error);
  if (problem.code === 'cancelled') return;
  const message = /[.!?]$/.test(problem.message) ? problem.message : `${problem.message}.`;
  notify(problem.hint ? `${message} ${problem.hint}` : message, 'error', what);
}
