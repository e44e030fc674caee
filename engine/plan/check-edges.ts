import type { NodeDefinition } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { didYouMean } from '../../model/text/closest.ts';
import { type Edge, edgeId, errorPort, type NodeId, type Pipeline } from '../document/pipeline.ts';
import { inputsOf, outputsOf, portLabel } from './catalogue.ts';
import type { Findings } from './findings.ts';
import type { Graph } from './graph.ts';

/** What a check of edges needs to know about a node; `definition` is missing for an unknown type. */
export interface EdgeEnds {
  definition(node: NodeId): NodeDefinition | undefined;
}

/**
 * The edges along which rows can flow: their nodes and ports exist, and there is one for each input that takes a single one. The others are
 * reported.
 */
export function checkEdges(pipeline: Pipeline, ends: EdgeEnds, findings: Findings): readonly Edge[] {
  const sound: Edge[] = [];
  const seen = new Set<string>();
  const taken = new Set<string>();
  for (const edge of pipeline.edges) {
    const id = edgeId(edge);
    const { from, to } = edge;
    const report = (code: ProblemCode, message: string, hint: string, at: Partial<Problem> = {}) =>
      findings.between([to.node], { code, severity: 'error', message, hint, edge: id, ...at });

    const missing = [from.node, to.node].find((node) => !Object.hasOwn(pipeline.nodes, node));
    if (missing !== undefined) {
      const end = missing === from.node ? 'starts at' : 'leads to';
      const other = missing === from.node ? to.node : from.node;
      const at = Object.hasOwn(pipeline.nodes, other) ? { node: other } : {};
      report('pipeline/dangling-edge', `The edge ${id} ${end} the node "${missing}", which is not there`, 'Remove the edge.', at);
      continue;
    }
    if (seen.has(id)) {
      report('pipeline/duplicate-edge', `The edge ${id} is there twice`, 'Remove one of them.', { node: to.node, port: to.port });
      continue;
    }
    seen.add(id);

    const source = ends.definition(from.node);
    if (source && !hasOutput(pipeline, from.node, source, from.port)) {
      const names = outputsOf(source).map((port) => port.name);
      const message = `"${from.node}" has no output "${from.port}"${didYouMean(from.port, names)}`;
      const hint = from.port === errorPort ? `Set "When a row fails" of "${from.node}" to "Route", or remove the edge.` : choices('output', names);
      report('pipeline/unknown-port', message, hint, { node: from.node, port: from.port });
      continue;
    }
    const target = ends.definition(to.node);
    const port = target ? inputsOf(target).find((candidate) => candidate.name === to.port) : undefined;
    if (target && !port) {
      const names = inputsOf(target).map((candidate) => candidate.name);
      const message = `"${to.node}" has no input "${to.port}"${didYouMean(to.port, names)}`;
      report('pipeline/unknown-port', message, choices('input', names), { node: to.node, port: to.port });
      continue;
    }
    const input = `${to.node}.${to.port}`;
    if (port && !port.many && taken.has(input)) {
      const hint = 'Remove one of the edges, or join or unite them in a node before this one.';
      report('pipeline/crowded-input', `The input "${to.port}" takes one edge, but more lead there`, hint, { node: to.node, port: to.port });
      continue;
    }
    taken.add(input);
    sound.push(edge);
  }
  return sound;
}

/** Inputs that lack their edge, cycles, and nodes that no sink needs. */
export function checkShape(pipeline: Pipeline, graph: Graph, cycles: readonly (readonly NodeId[])[], ends: EdgeEnds, findings: Findings): void {
  for (const cycle of cycles) {
    const shown = cycle.length > 30 ? [...cycle.slice(0, 30), `… (${cycle.length - 30} more)`] : cycle;
    const message = `The edges form a cycle: ${[...shown, cycle[0]].join(' -> ')}`;
    findings.between(cycle, { code: 'pipeline/cycle', severity: 'error', message, hint: 'Remove one of these edges.', node: cycle[0] });
  }
  const drawn = new Set(pipeline.edges.map(({ to }) => `${to.node}.${to.port}`));
  for (const node of graph.nodes) {
    const definition = ends.definition(node);
    for (const port of definition ? inputsOf(definition) : []) {
      // A refused edge is already reported, and advice to remove it as well would be wrong.
      if (port.optional || drawn.has(`${node}.${port.name}`)) continue;
      const message = `The input "${portLabel(port)}" is not connected`;
      findings.node(node, {
        code: 'pipeline/unconnected',
        severity: 'error',
        message,
        hint: 'Draw an edge to it from the node whose rows it takes.',
        port: port.name,
      });
    }
    if (pipeline.nodes[node]?.onError === 'route' && graph.outgoing(node, errorPort).length === 0) {
      const hint = 'Connect the port "errors" to a sink, or choose another policy.';
      const message = 'Rows that fail are sent to the port "errors", but nothing takes them there';
      findings.node(node, { code: 'pipeline/unused-errors', severity: 'warning', message, hint, port: errorPort });
    }
  }
  const needed = neededNodes(graph, ends);
  if (graph.nodes.length > 0 && needed.size === 0) {
    const message = 'The pipeline has no sink: its rows can be viewed, but a run would write nothing';
    findings.pipeline({ code: 'pipeline/no-sink', severity: 'warning', message, hint: 'Add a sink, such as a database table, and connect it.' });
    return;
  }
  // Reported once for a chain, at its end: that is where a user who builds it is.
  for (const node of graph.nodes.filter((candidate) => !needed.has(candidate) && graph.outgoing(candidate).length === 0)) {
    const isolated = graph.incoming(node).length === 0;
    const message = isolated ? 'It is not connected: a run leaves it out' : 'No sink takes its rows: a run leaves it out';
    findings.node(node, { code: 'pipeline/unused', severity: 'warning', message, hint: 'Connect its output, or delete it.' });
  }
}

/** The sinks and all nodes that feed them. A node of unknown type counts as a sink if nothing follows it, so that it is not reported as unused. */
export function neededNodes(graph: Graph, ends: EdgeEnds): Set<NodeId> {
  return graph.upstream(
    graph.nodes.filter((node) => {
      const definition = ends.definition(node);
      return definition ? definition.kind === 'sink' : graph.outgoing(node).length === 0;
    }),
  );
}

/**
 * What a run executes: the sinks that can get their rows, and all nodes that feed them. A node of unknown type blocks only its own branch:
 * `leftOut` contains it, what it feeds, and what no other node needs. If no sink remains, nothing is left out.
 */
export function scopeOfRun(graph: Graph, ends: EdgeEnds): { readonly needed: ReadonlySet<NodeId>; readonly leftOut: ReadonlySet<NodeId> } {
  const wanted = neededNodes(graph, ends);
  const cutOff = graph.downstream(graph.nodes.filter((node) => !ends.definition(node)));
  const needed = graph.upstream(graph.nodes.filter((node) => ends.definition(node)?.kind === 'sink' && !cutOff.has(node)));
  if (needed.size === 0) return { needed: wanted, leftOut: new Set() };
  return { needed, leftOut: new Set([...wanted].filter((node) => !needed.has(node))) };
}

/** The inputs that are read to their end first. */
export function firstPorts(graph: Graph, opOf: (node: NodeId) => Op | null | undefined): { readonly node: NodeId; readonly port: string }[] {
  return graph.nodes.flatMap((node) => {
    const op = opOf(node);
    return op ? traitsOf(op).first.map((port) => ({ node, port })) : [];
  });
}

function hasOutput(pipeline: Pipeline, node: NodeId, definition: NodeDefinition, name: string): boolean {
  if (name === errorPort && pipeline.nodes[node]?.onError === 'route') return true;
  return outputsOf(definition).some((port) => port.name === name);
}

function choices(kind: 'input' | 'output', names: readonly string[]): string {
  return names.length > 0 ? `Its ${kind}s are ${names.join(', ')}.` : `It has no ${kind}s: remove the edge.`;
}
