/** Reports streams whose watermark can never rise, and those where one source may hold it back, before anything runs. */

import { traitsOf } from '@millrace/kit/op-traits';
import { missing } from '../../model/faults/missing.ts';
import { isSameEventTime } from '../../model/schema/event-time.ts';
import type { EventTime } from '../../model/values/types.ts';
import { errorPort, type NodeId } from '../document/pipeline.ts';
import { inputsOf, isBounded } from './catalogue.ts';
import type { CheckedNode } from './checked.ts';
import type { Findings } from './findings.ts';
import type { Graph } from './graph.ts';

/** `nodes` in topological order. Nodes that already have an error are skipped. */
export function checkWatermarks(nodes: ReadonlyMap<NodeId, CheckedNode>, graph: Graph, findings: Findings): void {
  /** By node: the sources that feed it and never end. */
  const endless = new Map<NodeId, readonly NodeId[]>();
  /** By node whose watermark can never rise: a source that is the cause. Not downstream of a node where it was reported. */
  const stuck = new Map<NodeId, NodeId>();
  const silent = new Set<NodeId>();
  const above = <V>(found: ReadonlyMap<NodeId, V>, id: NodeId, port?: string): V[] => {
    return graph.incoming(id, port).flatMap(({ from }) => {
      const own = found.get(from.node);
      return own === undefined ? [] : [own];
    });
  };

  for (const checked of nodes.values()) {
    const { id, definition, params, valid } = checked;
    if (definition.kind === 'source') {
      if (isBounded(definition, params)) continue;
      endless.set(id, [id]);
      const schemas = Object.entries(checked.outputs).flatMap(([port, schema]) => (schema && port !== errorPort ? [schema] : []));
      if (schemas.length > 0 && schemas.every(({ eventTime }) => !eventTime)) stuck.set(id, id);
      continue;
    }
    if (definition.kind !== 'transform') continue;
    checkUnited(checked, graph, findings);
    const traits = traitsOf(checked.op ?? missing(`what "${id}" does`));
    if (traits.ends) continue;
    endless.set(id, [...new Set(above(endless, id).flat())]);
    const [culprit] = above(stuck, id);
    const waits = valid && !findings.hasError(id) ? traits.awaits : [];
    if (culprit !== undefined && waits.length > 0) {
      const message = `It waits for event time to pass, but "${culprit}" never ends and has no event time: rows held here would never be sent on`;
      const hint = `Set the event time of the source "${culprit}": one of its columns, or the arrival of its rows. For a time that is made later, such as that of a parsed line, put "Set event time" between.`;
      findings.node(id, { code: 'event-time/never', severity: 'error', message, hint });
      continue;
    }
    if (culprit !== undefined && !traits.setsEventTime) stuck.set(id, culprit);
    for (const { port, time, field } of waits) {
      const [source] = above(endless, id, port).flat();
      const eventTime = checked.inputs[port]?.eventTime;
      if (source === undefined || time === null || !checked.inputs[port] || eventTime?.column === time) continue;
      const other = eventTime ? `the event time of its rows is "${eventTime.column}"` : 'its rows have no event time';
      const message = `It goes by "${time}", but ${other}, and "${source}" never ends: rows held here would never be sent on`;
      const hint = `Set the event time of the source "${source}" to "${time}"${eventTime ? `, or leave this empty to go by "${eventTime.column}"` : ' and keep that column up to here'}.`;
      findings.node(id, { code: 'event-time/never', severity: 'error', message, hint, field, port });
    }
    if (waits.length > 0) tellOfSilence(id, endless.get(id) ?? []);
  }

  function tellOfSilence(waiting: NodeId, sources: readonly NodeId[]): void {
    for (const id of sources) {
      const { definition, params } = nodes.get(id) ?? missing(`the node "${id}"`);
      const other = sources.find((each) => each !== id);
      if (other === undefined || silent.has(id) || definition.kind !== 'source' || !definition.holdsBack?.(params)) continue;
      silent.add(id);
      const message = `While no rows come from here, "${waiting}" holds back those of "${other}"`;
      const hint = 'If it may fall silent, set "Idle after".';
      findings.node(id, { code: 'event-time/may-hold-back', severity: 'info', message, hint, field: 'idleAfter' });
    }
  }
}

/** If inputs that meet have different event times, the output has none. */
function checkUnited({ id, definition, inputLists, outputs }: CheckedNode, graph: Graph, findings: Findings): void {
  for (const { name } of inputsOf(definition).filter((port) => port.many)) {
    const sources = graph.incoming(id, name).map(({ from }) => from.node);
    const times = (inputLists[name] ?? []).map((schema) => schema && (schema.eventTime ?? null));
    const timed = times.findIndex((time) => time !== null);
    const other = times.findIndex((time) => !isSameEventTime(time, times[timed] ?? null));
    if (timed < 0 || other < 0 || inputLists[name]?.includes(null) || Object.values(outputs).some((schema) => schema?.eventTime)) continue;
    const message = `The event time is lost here: that of "${sources[timed]}" is ${textOf(times[timed] ?? null)}, that of "${sources[other]}" is ${textOf(times[other] ?? null)}`;
    const hint = 'Where windows or timers follow, let the event time have the same column name in all inputs: rename it before with "Select columns".';
    findings.node(id, { code: 'event-time/lost', severity: 'warning', message, hint, port: name });
  }
}

function textOf(time: EventTime | null): string {
  if (time === null) return 'not set';
  const days = time.days === undefined ? '' : `the midnight in ${time.days} of each day in `;
  return `${time.shift ? `${-time.shift} ms before ` : ''}${days}"${time.column}"`;
}
