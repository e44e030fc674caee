import { lazy, Suspense } from 'react';
import { showDialog } from '../../shell/dialogs.tsx';
import type { Widgets } from '../form/widget.ts';
import type { ConnectionsRequest } from './draft.ts';

const ConnectionsDialog = lazy(() => import('./ConnectionsDialog.tsx'));

/** The connections beside the document. Resolves with the name of the one that was saved last, or null. */
export function showConnections(widgets: Widgets, request: ConnectionsRequest = {}): Promise<string | null> {
  return showDialog<string>((close) => (
    <Suspense fallback={null}>
      <ConnectionsDialog widgets={widgets} request={request} onClose={close} />
    </Suspense>
  ));
}
