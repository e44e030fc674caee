import type { Pipeline } from './pipeline.ts';
import { edgeId } from './pipeline.ts';

const recordKinds = ['parameters', 'nodes', 'layout'] as const;

/** One record of the document before and after; `undefined` means it was or is not there. */
interface RecordChange {
  readonly before: unknown;
  readonly after: unknown;
}
/** What differs between two documents: `nodes/hot` -> change. Plain data, and its own inverse when read backwards. */
export type Diff = ReadonlyMap<string, RecordChange>;

/** Records are compared first by identity, which edits keep for whatever they do not change, then by content. */
export function diff(before: Pipeline, after: Pipeline): Diff {
  const changes = new Map<string, RecordChange>();
  const note = (key: string, from: unknown, to: unknown) => {
    if (!same(from, to)) changes.set(key, { before: from, after: to });
  };
  note('name', before.name, after.name);
  note('description', before.description, after.description);
  for (const kind of recordKinds) compare(before[kind], after[kind], (key, from, to) => note(`${kind}/${key}`, from, to));
  if (before.edges !== after.edges) compare(edgeRecords(before), edgeRecords(after), (key, from, to) => note(`edges/${key}`, from, to));
  return changes;
}

/** Reports each key under which two records hold different objects. */
function compare(
  before: { readonly [key: string]: unknown },
  after: { readonly [key: string]: unknown },
  tell: (key: string, from: unknown, to: unknown) => void,
): void {
  if (before === after) return;
  for (const key of Object.keys(before)) if (before[key] !== after[key]) tell(key, before[key], after[key]);
  for (const key of Object.keys(after)) if (!Object.hasOwn(before, key)) tell(key, undefined, after[key]);
}

function edgeRecords({ edges }: Pipeline): { readonly [id: string]: unknown } {
  return Object.fromEntries(edges.map((edge) => [edgeId(edge), edge]));
}

/** The document with a diff applied, forwards (redo) or backwards (undo). */
export function applyDiff(pipeline: Pipeline, changes: Diff, direction: 'before' | 'after'): Pipeline {
  const all = records(pipeline);
  for (const [key, change] of changes) {
    if (change[direction] === undefined) all.delete(key);
    else all.set(key, change[direction]);
  }
  const part = <V>(kind: string) =>
    [...all].filter(([key]) => key.startsWith(`${kind}/`)).map(([key, value]) => [key.slice(kind.length + 1), value] as [string, V]);
  return {
    name: all.get('name') as string,
    ...(all.has('description') ? { description: all.get('description') as string } : {}),
    parameters: Object.fromEntries(part('parameters')) as Pipeline['parameters'],
    nodes: Object.fromEntries(part('nodes')) as Pipeline['nodes'],
    edges: part('edges').map(([, edge]) => edge) as unknown as Pipeline['edges'],
    layout: Object.fromEntries(part('layout')) as Pipeline['layout'],
    // No undo reverts it.
    ...(pipeline.retired ? { retired: pipeline.retired } : {}),
  };
}

/** `first`, then `second`, as one step. */
export function compose(first: Diff, second: Diff): Diff {
  const changes = new Map(first);
  for (const [key, change] of second) {
    const earlier = changes.get(key);
    const both = { before: earlier ? earlier.before : change.before, after: change.after };
    if (same(both.before, both.after)) changes.delete(key);
    else changes.set(key, both);
  }
  return changes;
}

function records(pipeline: Pipeline): Map<string, unknown> {
  const all = new Map<string, unknown>([['name', pipeline.name]]);
  if (pipeline.description !== undefined) all.set('description', pipeline.description);
  for (const kind of recordKinds) {
    for (const [key, value] of Object.entries(pipeline[kind])) all.set(`${kind}/${key}`, value);
  }
  for (const edge of pipeline.edges) all.set(`edges/${edgeId(edge)}`, edge);
  return all;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
