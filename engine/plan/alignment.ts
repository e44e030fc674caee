/** Which sources are read in step by event time, because their rows meet where event time decides what is emitted: see ADR 26. */

import { traitsOf } from '@millrace/kit/op-traits';
import { KnownMap } from '../../model/values/known-map.ts';
import { errorPort, type NodeId } from '../document/pipeline.ts';
import type { Alignment } from '../protocol/physical-plan.ts';
import { isBounded } from './catalogue.ts';
import type { CheckedNode } from './checked.ts';
import type { Graph } from './graph.ts';

type Node = Pick<CheckedNode, 'id' | 'definition' | 'params' | 'op' | 'inputs' | 'outputs'>;

/** `nodes` in topological order; `groups` as sources are pulled; `bounded`: the run ends by itself. Undefined if order does not matter. */
export function alignSources(nodes: readonly Node[], graph: Graph, groups: readonly (readonly NodeId[])[], bounded: boolean): Alignment | undefined {
  if (groups.every(({ length }) => length < 2)) return undefined;
  const byId = new KnownMap(
    'node',
    nodes.map((node) => [node.id, node]),
  );
  const points = meetingPoints(nodes, graph, byId).map((point) => ({ point, above: graph.upstream([point]) }));
  const clocks = clocksAbove(
    points.map(({ point }) => point),
    graph,
    byId,
  );
  const isTimed = (id: NodeId) => [...(clocks.get(id) ?? [])].some((keeper) => tellsTime(byId.of(keeper)));
  const meetings = new Map<string, Alignment['meetings'][number]>();
  for (const { above } of points) {
    for (const group of groups) {
      const sources = group.filter((id) => above.has(id) && canBeCompared(byId.of(id), isTimed(id)));
      const key = sources.join('\n');
      if (sources.length < 2 || meetings.has(key)) continue;
      const ends = new Set(points.filter((other) => sources.every((id) => other.above.has(id))).map((other) => other.point));
      const held = sources.filter((id) => isTimed(id) && (bounded || !hasOtherWay(id, ends, graph, byId)));
      if (held.length > 0) meetings.set(key, { sources, held });
    }
  }
  if (meetings.size === 0) return undefined;
  const all = [...new Set([...meetings.values()].flatMap(({ sources }) => sources))];
  return {
    clocks: Object.fromEntries(all.map((id) => [id, [...(clocks.get(id) ?? [])]])),
    meetings: [...meetings.values()],
    live: all.filter((id) => isLive(byId.of(id))),
  };
}

/** Nodes at which several edges meet whose minimum watermark decides when rows are emitted, there or downstream. */
function meetingPoints(nodes: readonly Node[], graph: Graph, byId: KnownMap<NodeId, Node>): NodeId[] {
  const deciding = new Set<NodeId>();
  for (const node of nodes.toReversed()) {
    const goesOn = !makesTime(node) && graph.outgoing(node.id).some(({ to }) => deciding.has(to.node));
    if (awaitsTime(node) || goesOn) deciding.add(node.id);
  }
  return [...deciding].filter((id) => byId.of(id).definition.kind !== 'source' && graph.incoming(id).length > 1);
}

function awaitsTime({ op, inputs }: Node): boolean {
  return op !== null && traitsOf(op).awaits.some(({ port, time }) => time === null || inputs[port]?.eventTime?.column === time);
}

/** Before its inputs have ended, its output watermark does not follow from theirs. */
function makesTime({ definition, op }: Node): boolean {
  if (definition.kind === 'source') return true;
  const traits = op && traitsOf(op);
  return traits !== null && (traits.setsEventTime || traits.bounded.length > 0);
}

/** By source upstream of these nodes: the node that makes the time of the rows that arrive there. */
function clocksAbove(points: readonly NodeId[], graph: Graph, byId: KnownMap<NodeId, Node>): Map<NodeId, Set<NodeId>> {
  const found = new Map<NodeId, Set<NodeId>>();
  const reached = new Set(points);
  for (const id of reached) {
    for (const { from } of graph.incoming(id)) {
      if (!makesTime(byId.of(from.node))) reached.add(from.node);
      else
        for (const source of graph.upstream([from.node]))
          if (byId.of(source).definition.kind === 'source') found.set(source, (found.get(source) ?? new Set()).add(from.node));
    }
  }
  return found;
}

/** Whether a node that makes the time of rows has a watermark before the end. */
function tellsTime({ definition, op, outputs }: Node): boolean {
  if (definition.kind === 'source') return Object.values(outputs).some((schema) => schema?.eventTime);
  return op !== null && traitsOf(op).setsEventTime;
}

/**
 * Rows that get their time on arrival have the time of reading, which must not depend on itself. An endless source without a time would
 * never catch up.
 */
function canBeCompared({ definition, params }: Node, isTimed: boolean): boolean {
  if (definition.kind !== 'source' || definition.timesByReading?.(params)) return false;
  return isTimed || isBounded(definition, params);
}

function isLive({ definition, params }: Node): boolean {
  return !isBounded(definition, params) || (definition.kind === 'source' && definition.readsOnce === true);
}

/** Whether rows of a source reach a sink without passing one of these nodes: somebody waits for those. */
function hasOtherWay(source: NodeId, ends: ReadonlySet<NodeId>, graph: Graph, byId: KnownMap<NodeId, Node>): boolean {
  const reached = new Set([source]);
  for (const id of reached) {
    if (byId.of(id).definition.kind === 'sink') return true;
    for (const { from, to } of graph.outgoing(id)) if (from.port !== errorPort && !ends.has(to.node)) reached.add(to.node);
  }
  return false;
}
