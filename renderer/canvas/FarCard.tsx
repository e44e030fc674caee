import type { NodeProps } from '@xyflow/react';
import { useState } from 'react';
import { type CardNode, cardHeight, countersHeight } from '../graph/flow.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { useProblems, useSession } from '../session/session.ts';
import { PortHandles } from './PortHandles.tsx';

/** A card when zoomed out: its kind and icon; FarTitles draws the titles. Has the size of the full card, so that nothing moves. */
export function FarCard({ id, data }: NodeProps<CardNode>) {
  const type = useSession((state) => state.pipeline.nodes[id]?.type);
  const manifest = useSession((state) => (type === undefined ? undefined : state.catalogue.get(type)));
  const hasCounters = useSession((state) => state.run?.stats[id] !== undefined);
  const worst = useProblems(id)[0]?.severity;
  const [isNear, setNear] = useState(false);
  return (
    <div
      className="card card-far"
      data-node-id={id}
      data-kind={manifest?.kind ?? 'unknown'}
      data-unknown={manifest ? undefined : true}
      data-problem={worst}
      style={{ height: cardHeight(data.ports) + (hasCounters ? countersHeight : 0) }}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={() => setNear(false)}
    >
      <NodeIcon icon={manifest?.icon ?? 'puzzle'} kind={manifest?.kind ?? null} />
      <PortHandles node={id} ports={data.ports} asShapes={!isNear} />
    </div>
  );
}
