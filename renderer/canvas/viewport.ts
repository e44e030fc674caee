import type { ReactFlowInstance } from '@xyflow/react';
import type { Position } from '../../engine/document/pipeline.ts';
import { session } from '../session/session.ts';
import type { CardNode, DataEdge } from './flow.ts';
import { cardSize } from './flow.ts';

let instance: ReactFlowInstance<CardNode, DataEdge> | null = null;
let pane: HTMLElement | null = null;

/** The canvas tells its commands where it is. */
export function setFlow(flow: ReactFlowInstance<CardNode, DataEdge> | null, element: HTMLElement | null): void {
  instance = flow;
  pane = element;
}
/** Null while there is no canvas on the page. */
export function flow(): ReactFlowInstance<CardNode, DataEdge> | null {
  return instance;
}
export function focusCanvas(): void {
  pane?.focus({ preventScroll: true });
}
/** The part of the page that the canvas covers, in client pixels. */
export function canvasBounds(): DOMRect {
  return pane?.getBoundingClientRect() ?? new DOMRect(0, 0, 1000, 600);
}
/** The middle of what is seen, in the document's coordinates. */
export function visibleCentre(): Position {
  const bounds = canvasBounds();
  const at = { x: bounds.left + bounds.width / 2, y: bounds.top + bounds.height / 2 };
  const centre = instance?.screenToFlowPosition(at) ?? { x: 0, y: 0 };
  return { x: centre.x - cardSize.width / 2, y: centre.y - cardSize.height / 2 };
}

/** Below this, titles cannot be read: a wide pipeline is then shown from its beginning. */
const legibleZoom = 0.6;
const margin = 40;

/** Brings a document that was just opened into view: all of it if it stays legible, else where its rows come from. */
export function showDocument(): void {
  const places = Object.values(session.state.pipeline.layout);
  if (!instance || places.length === 0) return;
  const bounds = canvasBounds();
  const left = Math.min(...places.map((at) => at.x));
  const top = Math.min(...places.map((at) => at.y));
  const width = Math.max(...places.map((at) => at.x)) + cardSize.width - left;
  const height = Math.max(...places.map((at) => at.y)) + cardSize.height - top;
  const fits = Math.min((bounds.width - 2 * margin) / width, (bounds.height - 2 * margin) / height, 1);
  const zoom = Math.max(fits, legibleZoom);
  const x = width * zoom <= bounds.width ? (bounds.width - width * zoom) / 2 : margin;
  const y = height * zoom <= bounds.height ? (bounds.height - height * zoom) / 2 : margin;
  void instance.setViewport({ x: x - left * zoom, y: y - top * zoom, zoom });
}

/** Selects a node and moves the canvas so that it is seen. */
export function revealNode(id: string): void {
  const at = session.state.pipeline.layout[id];
  session.select({ nodes: [id] });
  if (at && instance)
    void instance.setCenter(at.x + cardSize.width / 2, at.y + cardSize.height / 2, { zoom: Math.max(instance.getZoom(), 0.7), duration: 120 });
}

/** Moves the canvas only as far as needed to show these nodes. */
export function ensureVisible(ids: readonly string[]): void {
  const { layout } = session.state.pipeline;
  const bounds = canvasBounds();
  const hidden = ids.some((id) => {
    const at = layout[id];
    const corner = at && instance?.flowToScreenPosition(at);
    const far = at && instance?.flowToScreenPosition({ x: at.x + cardSize.width, y: at.y + cardSize.height });
    return corner && far && (corner.x < bounds.left || corner.y < bounds.top || far.x > bounds.right || far.y > bounds.bottom);
  });
  if (hidden) void instance?.fitView({ padding: 0.15, maxZoom: instance.getZoom(), duration: 120 });
}
