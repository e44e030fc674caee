/**
 * Ids of nodes. Checkpoints and kept errors are filed under them, so an id is never given to another node of the same document: not after
 * its node was deleted, not after the step that added it was undone, not in a later session. A document remembers for each name the highest
 * number among deleted nodes (`retired`, see ADR 18).
 */
import { own } from '../../model/text/own.ts';
import type { NodeId, Pipeline } from './pipeline.ts';

/** `filter_12`; a longer number is part of the name. */
const numbered = /^(.+)_(\d{1,9})$/;

/** An id for a new node: `Hot readings` -> `hot_readings`, `hot_readings_2`, ... */
export function freeId(pipeline: Pick<Pipeline, 'nodes' | 'retired'>, wanted: string): NodeId {
  const name =
    wanted
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^[_0-9]+|_+$/g, '')
      .slice(0, 48) || 'node';
  const isTaken = (id: NodeId) => {
    const [stem, number] = parts(id);
    return Object.hasOwn(pipeline.nodes, id) || number <= retiredNumber(pipeline, stem);
  };
  if (!isTaken(name)) return name;
  let number = Math.max(2, retiredNumber(pipeline, name) + 1);
  while (isTaken(`${name}_${number}`)) number++;
  return `${name}_${number}`;
}

/** `after`, with the ids of the nodes that only `before` has retired. */
export function retire(before: Pipeline, after: Pipeline): Pipeline {
  if (before.nodes === after.nodes && before.retired === after.retired) return after;
  const numbers = new Map(Object.entries(after.retired ?? {}));
  const raise = (stem: string, number: number) => numbers.set(stem, Math.max(number, numbers.get(stem) ?? 0));
  for (const [stem, number] of Object.entries(before.retired ?? {})) raise(stem, number);
  for (const id of Object.keys(before.nodes)) if (!Object.hasOwn(after.nodes, id)) raise(...parts(id));
  if (numbers.size === 0) return after;
  const retired = Object.fromEntries(numbers);
  return JSON.stringify(retired) === JSON.stringify(after.retired) ? after : { ...after, retired };
}

/** The number of an id: `filter` is the first of its name. */
function parts(id: NodeId): [stem: string, number: number] {
  const match = numbered.exec(id);
  return match ? [match[1] ?? id, Number(match[2])] : [id, 1];
}

function retiredNumber({ retired }: Pick<Pipeline, 'retired'>, stem: string): number {
  return own(retired ?? {}, stem) ?? 0;
}
