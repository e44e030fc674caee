import { useConnection, ViewportPortal } from '@xyflow/react';
import { useEffect } from 'react';
import { createPortal } from 'react-dom';
import type { Position } from '../../engine/document/pipeline.ts';
import { whyNot, wrongDirection } from '../graph/connect.ts';
import { session } from '../session/session.ts';

/** While an edge is drawn over a port that cannot take it: shows why, beside the pointer. */
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

export interface Refusal {
  readonly reason: string;
  /** Where the edge was let go, in client pixels. */
  readonly at: Position;
}
const shownMs = 3500;

/** Shows for a few seconds why a dropped edge was not made, at the place of the drop. */
export function RefusalNote({ refusal, onEnd }: { readonly refusal: Refusal; readonly onEnd: () => void }) {
  useEffect(() => {
    const timer = setTimeout(onEnd, shownMs);
    window.addEventListener('pointerdown', onEnd, { once: true, capture: true });
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pointerdown', onEnd, { capture: true });
    };
  }, [onEnd]);
  const { at, reason } = refusal;
  return createPortal(
    <div
      className="connection-hint"
      data-dropped
      role="alert"
      style={{ left: Math.min(at.x + 14, window.innerWidth - 300), top: Math.min(at.y + 14, window.innerHeight - 80) }}
    >
      {reason}
    </div>,
    document.body,
  );
}
