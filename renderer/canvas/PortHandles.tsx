import { Handle, Position } from '@xyflow/react';
import { errorPort } from '../../engine/document/pipeline.ts';
import type { PortManifest } from '../../engine/protocol/messages.ts';
import { type Ports, portTop } from '../graph/flow.ts';

type Side = keyof Ports;

/**
 * Where edges begin and end. With `asShapes` they are only visible and measured: a handle listens to every movement of the canvas, which is
 * too expensive for the thousands of a large pipeline.
 */
export function PortHandles({ node, ports, asShapes = false }: { readonly node: string; readonly ports: Ports; readonly asShapes?: boolean }) {
  const Port = asShapes ? PortShape : PortHandle;
  return (['inputs', 'outputs'] as const).map((side) =>
    ports[side].map((port, index) => <Port key={`${side} ${port.name}`} node={node} port={port} side={side} top={portTop(ports, index)} />),
  );
}

interface PortProps {
  readonly node: string;
  readonly port: PortManifest;
  readonly side: Side;
  readonly top: number;
}

function PortHandle({ node, port, side, top }: PortProps) {
  const isInput = side === 'inputs';
  return (
    <Handle
      id={port.name}
      type={isInput ? 'target' : 'source'}
      position={isInput ? Position.Left : Position.Right}
      style={{ top }}
      data-port={port.name}
      data-side={isInput ? 'in' : 'out'}
      data-error={port.name === errorPort || undefined}
      role="img"
      aria-label={`${isInput ? 'Input' : 'Output'} ${port.label} of ${node}`}
    />
  );
}

/** Has the classes and attributes by which the flow measures handles. */
function PortShape({ port, side, top }: PortProps) {
  const place = side === 'inputs' ? 'react-flow__handle-left target' : 'react-flow__handle-right source';
  return <div className={`react-flow__handle ${place}`} data-handleid={port.name} data-error={port.name === errorPort || undefined} style={{ top }} />;
}
