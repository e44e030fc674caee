import type { ReactFlowInstance, Viewport } from '@xyflow/react';
import type { Position } from '../../engine/document/pipeline.ts';
import { session } from '../session/session.ts';
import type { CardNode, DataEdge } from './flow.ts';
import { cardSize } from './flow.ts';

let instance: ReactFlowInstance<CardNode, DataEdge> | null = null;
let pane: HTMLElement | null = null;

/** The canvas registers itself here for its commands. */
export function setFlow(flow: ReactFlowInstance<CardNode, DataEdge> | null, element: HTMLElement | null): void {
  instance = flow;
  pane = element;
}
/** Null while there is no canvas on the page. */
export function flow(): ReactFlowInstance<CardNode, DataEdge> | null {
  return instance;
}
export function focusPane(): void {
  pane?.focus({ preventScroll: true });
}

const zoomMs = 120;
/** The zoom at the end of an animation; null if there is none. */
let zoomingTo: number | null = null;

/** Zooms by a factor. Steps are relative to the end of the previous one, not to the current state of its animation. */
export function zoomBy(factor: number): void {
  if (instance) zoomTo(Math.min(zoomLimits.most, Math.max(zoomLimits.least, (zoomingTo ?? instance.getZoom()) * factor)));
}
export function zoomTo(zoom: number): void {
  zoomingTo = zoom;
  void instance?.zoomTo(zoom, { duration: zoomMs }).then(() => {
    if (zoomingTo === zoom) zoomingTo = null;
  });
}
export function fitAll(): void {
  endZoom();
  void instance?.fitView({ duration: zoomMs, padding: 0.15, maxZoom: 1 });
}
/** The canvas was moved by hand, which ends the animation. */
export function endZoom(): void {
  zoomingTo = null;
}
export const zoomLimits = { least: 0.1, most: 2 } as const;

/** The part of the page that the canvas covers, in client pixels. */
export function canvasBounds(): DOMRect {
  return pane?.getBoundingClientRect() ?? new DOMRect(0, 0, 1000, 600);
}
/** The middle of the viewport, in the document's coordinates. */
export function visibleCentre(): Position {
  const bounds = canvasBounds();
  const at = { x: bounds.left + bounds.width / 2, y: bounds.top + bounds.height / 2 };
  const centre = instance?.screenToFlowPosition(at) ?? { x: 0, y: 0 };
  return { x: centre.x - cardSize.width / 2, y: centre.y - cardSize.height / 2 };
}

/** The position of a card whose middle is to be at a point of the page; undefined while there is no canvas. */
export function placeAt(clientX: number, clientY: number): Position | undefined {
  const at = instance?.screenToFlowPosition({ x: clientX, y: clientY });
  return at && { x: at.x - cardSize.width / 2, y: at.y - cardSize.height / 2 };
}

/** Below this, titles cannot be read: a wide pipeline is then shown from its beginning. */
const legibleZoom = 0.6;
const margin = 40;

/** Brings a document that was just opened into view: all of it if it stays legible, otherwise where its rows come from. */
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

/** Gives a card the focus; one that is moving into view gets it once it is drawn. */
export function focusCard(id: string, frames = 60): void {
  const card = document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
  if (card) card.focus({ preventScroll: true });
  else if (frames > 0 && session.state.selection.nodes[0] === id) requestAnimationFrame(() => focusCard(id, frames - 1));
}

/** Selects a node and moves the canvas so that it is visible. */
export function revealNode(id: string): void {
  const { layout, nodes } = session.state.pipeline;
  if (!nodes[id]) return;
  const at = layout[id];
  session.select({ nodes: [id] });
  if (at && instance)
    void instance.setCenter(at.x + cardSize.width / 2, at.y + cardSize.height / 2, { zoom: Math.max(instance.getZoom(), 0.7), duration: 120 });
}

/** Moves the canvas only as far as needed to show these nodes, without changing the zoom. */
export function ensureVisible(ids: readonly string[]): void {
  const { layout } = session.state.pipeline;
  const places = ids.map((id) => layout[id]).filter((at) => at !== undefined);
  if (!instance || places.length === 0) return;
  const bounds = canvasBounds();
  const { x, y, zoom } = instance.getViewport();
  const shift = (low: number, high: number, size: number, offset: number) => {
    const start = low * zoom + offset;
    const end = high * zoom + offset;
    if (start < edgeGap) return edgeGap - start;
    return end > size - edgeGap ? Math.max(size - edgeGap - end, edgeGap - start) : 0;
  };
  const hidden = underMinimap(places, { x, y, zoom }, bounds);
  const xs = places.map((at) => at.x);
  const ys = places.map((at) => at.y);
  const right = shift(Math.min(...xs), Math.max(...xs) + cardSize.width, bounds.width, x);
  const down = shift(Math.min(...ys), Math.max(...ys) + cardSize.height, bounds.height, y) - hidden;
  if (right !== 0 || down !== 0) void instance.setViewport({ x: x + right, y: y + down, zoom }, { duration: 120 });
}
const edgeGap = 16;

/** How far the canvas must move up so that the minimap does not cover a card; 0 for several. */
function underMinimap(places: readonly Position[], { x, y, zoom }: Viewport, bounds: DOMRect): number {
  const map = pane?.querySelector('.react-flow__minimap')?.getBoundingClientRect();
  const [at] = places;
  if (!map || map.width === 0 || !at || places.length > 1) return 0;
  // Where the card will be once it is within the canvas.
  const right = Math.min(bounds.right - edgeGap, bounds.left + x + (at.x + cardSize.width) * zoom);
  const bottom = Math.min(bounds.bottom - edgeGap, bounds.top + y + (at.y + cardSize.height) * zoom);
  return right > map.left - edgeGap && bottom > map.top - edgeGap ? bottom - map.top + edgeGap : 0;
}
