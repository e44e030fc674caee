import type { Pipeline } from '../../engine/document/pipeline.ts';

/** Whether two documents would run alike: titles, notes, names and places do not count. */
export function meansTheSame(left: Pipeline, right: Pipeline): boolean {
  return left === right || (sameData(left.edges, right.edges) && sameData(left.parameters, right.parameters) && sameNodes(left.nodes, right.nodes));
}

function sameNodes(left: Pipeline['nodes'], right: Pipeline['nodes']): boolean {
  const ids = Object.keys(left);
  return (
    ids.length === Object.keys(right).length &&
    ids.every((id) => {
      const one = left[id];
      const other = right[id];
      if (!one || !other) return false;
      return one === other || (one.type === other.type && one.onError === other.onError && sameData(one.params, other.params));
    })
  );
}

/** Edits keep the identity of what they do not change, so the text is rarely made. */
function sameData(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
