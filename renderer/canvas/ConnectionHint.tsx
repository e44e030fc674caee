import { useConnection, ViewportPortal } from '@xyflow/react';
import { session } from '../session/session.ts';
import { whyNot, wrongDirection } from './connect.ts';

/** While an edge is drawn over a port that cannot take it: why, beside the pointer. */
export function ConnectionHint() {
  const connection = useConnection();
  if (!connection.inProgress || connection.isValid !== false || !connection.toHandle) return null;
  const { fromHandle, toHandle, to } = connection;
  const { pipeline, catalogue } = session.state;
  const [source, target] = fromHandle.type === 'source' ? [fromHandle, toHandle] : [toHandle, fromHandle];
  const reason =
    fromHandle.type === toHandle.type
      ? fromHandle.nodeId === toHandle.nodeId && fromHandle.id === toHandle.id
        ? null
        : wrongDirection(fromHandle.type)
      : whyNot(pipeline, catalogue, { from: { node: source.nodeId, port: source.id ?? '' }, to: { node: target.nodeId, port: target.id ?? '' } });
  if (!reason) return null;
  return (
    <ViewportPortal>
      <div className="connection-hint" role="status" style={{ transform: `translate(${to.x + 14}px, ${to.y + 14}px)` }}>
        {reason}
      </div>
    </ViewportPortal>
  );
}
