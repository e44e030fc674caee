import { addNode, connect, insertIntoEdge, moveNodes } from '../../engine/document/edits.ts';
import { type Endpoint, edgeId, type Pipeline, type Position } from '../../engine/document/pipeline.ts';
import type { Json } from '../../model/values/types.ts';
import { session } from '../session/session.ts';
import { edgeTo } from './connect.ts';
import { cardSize, portsOf } from './flow.ts';
import { ensureVisible, visibleCentre } from './viewport.ts';

/** Wide enough for an edge's label during a run. */
export const columnGap = 120;
export const rowGap = 36;
/** Between a card that was inserted into an edge and its neighbours. */
const leastGap = 48;

export interface InsertOptions {
  /** The upper left corner. */
  readonly position: Position;
  /** Joined with the new node at once. */
  readonly join?: { readonly end: Endpoint; readonly side: 'source' | 'target' };
  /** The edge that the node is put into. */
  readonly edge?: string;
  readonly params?: { readonly [name: string]: Json };
  readonly title?: string;
  /** The canvas stays where it is: the user chose this place with the pointer. */
  readonly still?: boolean;
}

/** Adds a node of the catalogue, with its connections, as one step; selects it. Null for an unknown type. */
export function insertNode(type: string, options: InsertOptions): string | null {
  const { catalogue } = session.state;
  const manifest = catalogue.get(type);
  if (!manifest) return null;
  let id = '';
  session.edit(`Add ${manifest.title}`, (before) => {
    const added = addNode(before, { type, typeVersion: manifest.version, params: options.params ?? {}, title: options.title, position: options.position });
    id = added.id;
    let { pipeline } = added;
    const { inputs, outputs } = portsOf(pipeline, id, catalogue);
    if (options.join) {
      const edge = edgeTo(pipeline, catalogue, options.join.end, options.join.side, id);
      if (edge) pipeline = connect(pipeline, edge);
    }
    if (options.edge && inputs[0] && outputs[0]) pipeline = putIntoEdge(pipeline, options.edge, id, inputs[0].name, outputs[0].name);
    return pipeline;
  });
  session.select({ nodes: [id] });
  if (!options.still) ensureVisible([id]);
  return id;
}

/** Adds a node to the right of the selected one and connects it, or in the middle of the viewport. */
export function addNodeBesideSelection(type: string): string | null {
  const { pipeline, catalogue, selection } = session.state;
  const manifest = catalogue.get(type);
  const edge =
    selection.nodes.length === 0 && selection.edges.length === 1 ? pipeline.edges.find((candidate) => edgeId(candidate) === selection.edges[0]) : undefined;
  if (edge && manifest && manifest.inputs.length > 0 && manifest.outputs.length > 0)
    return insertNode(type, { position: between(pipeline, edge.from.node, edge.to.node), edge: edgeId(edge) });
  const beside = selection.nodes.length === 1 ? selection.nodes[0] : undefined;
  const at = beside ? pipeline.layout[beside] : undefined;
  if (!beside || !at || !manifest) return insertNode(type, { position: freePlace(pipeline, visibleCentre()) });
  const output = freeOutput(pipeline, beside);
  if (manifest.inputs.length > 0 && output) {
    const position = freePlace(pipeline, { x: at.x + cardSize.width + columnGap, y: at.y });
    return insertNode(type, { position, join: { end: { node: beside, port: output }, side: 'source' } });
  }
  return insertNode(type, { position: freePlace(pipeline, { x: at.x, y: at.y + cardSize.height + rowGap }) });
}

/** Inserts a node into an edge, at its place between the two: if there is not enough room, everything downstream moves to the right. */
export function putIntoEdge(before: Pipeline, edge: string, id: string, input: string, output: string): Pipeline {
  const pipeline = insertIntoEdge(before, edge, id, input, output);
  const found = before.edges.find((candidate) => edgeId(candidate) === edge);
  const [from, at, to] = [found?.from.node, id, found?.to.node].map((node) => pipeline.layout[node ?? '']);
  if (pipeline === before || !found || !from || !at || !to || to.x <= from.x) return pipeline;
  const x = Math.max(at.x, from.x + cardSize.width + leastGap);
  const missing = x + cardSize.width + leastGap - to.x;
  const room = missing > 0 ? Object.fromEntries([...downstream(pipeline, found.to.node)].flatMap((node) => movedRight(pipeline, node, to.x, missing))) : {};
  return moveNodes(pipeline, { ...room, [id]: { x, y: at.y } });
}

function movedRight({ layout }: Pipeline, node: string, from: number, by: number): [string, Position][] {
  const at = layout[node];
  return at && at.x >= from ? [[node, { x: at.x + by, y: at.y }]] : [];
}

/** A node and all nodes downstream. */
function downstream({ edges }: Pipeline, node: string): Set<string> {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from.node, [...(next.get(from.node) ?? []), to.node]);
  const found = new Set([node]);
  for (const each of found) for (const other of next.get(each) ?? []) found.add(other);
  return found;
}

/** The place of a further source: below the existing ones, otherwise in the middle of the viewport. */
export function placeOfSource(): Position {
  const { pipeline } = session.state;
  const places = Object.values(pipeline.layout);
  if (places.length === 0) return visibleCentre();
  const x = Math.min(...places.map((at) => at.x));
  const column = places.filter((at) => at.x < x + cardSize.width);
  return freePlace(pipeline, { x, y: Math.max(...column.map((at) => at.y)) + cardSize.height + rowGap });
}

/** The first output without an edge, otherwise the first. */
function freeOutput(pipeline: Pipeline, id: string): string | undefined {
  const { outputs } = portsOf(pipeline, id, session.state.catalogue);
  const taken = (port: string) => pipeline.edges.some((edge) => edge.from.node === id && edge.from.port === port);
  return (outputs.find((port) => !taken(port.name)) ?? outputs[0])?.name;
}

/** The place itself, or the next one below it without a card. */
export function freePlace(pipeline: Pipeline, wanted: Position): Position {
  const cards = Object.keys(pipeline.nodes).map((id) => pipeline.layout[id] ?? { x: 0, y: 0 });
  const isTaken = (y: number) => cards.some((card) => Math.abs(card.x - wanted.x) < cardSize.width && Math.abs(card.y - y) < cardSize.height + 12);
  let { y } = wanted;
  while (isTaken(y)) y += cardSize.height + rowGap;
  return { x: wanted.x, y };
}

function between(pipeline: Pipeline, left: string, right: string): Position {
  const from = pipeline.layout[left] ?? { x: 0, y: 0 };
  const to = pipeline.layout[right] ?? from;
  return freePlace(pipeline, { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
}
