import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { session, useSession } from '../session/session.ts';

const shownMs = 10_000;
let forgetLast = () => {};

/**
 * Says what the newest step did, with a button that undoes it. The message disappears once there is another step: the button would undo
 * that one.
 */
export function notifyUndoable(message: string): void {
  forgetLast();
  const { document, pipeline } = session.state;
  const id = crypto.randomUUID();
  const forget = () => {
    stop();
    notifications.hide(id);
  };
  const stop = useSession.subscribe((state) => (state.document !== document || state.pipeline !== pipeline) && forget());
  forgetLast = forget;
  const undo = () => {
    forget();
    session.undo();
  };
  notifications.show({
    id,
    color: 'accent',
    withBorder: true,
    autoClose: shownMs,
    onClose: stop,
    message: (
      <span className="undoable">
        {message}
        <Button size="compact-xs" variant="light" onClick={undo}>
          Undo
        </Button>
      </span>
    ),
  });
}
