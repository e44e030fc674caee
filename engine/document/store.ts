import { bare } from '../../model/text/own.ts';
import { applyDiff, compose, type Diff, diff } from './history.ts';
import { retire } from './ids.ts';
import { emptyPipeline, type Pipeline } from './pipeline.ts';

/** The oldest steps beyond this number are dropped. */
const historyLimit = 500;

interface Step {
  readonly label: string;
  readonly changes: Diff;
  /** Consecutive steps with the same key become one: a drag, the typing in one field. */
  readonly merge: string | null;
}

/** One open document: the pipeline, its history, and whether it differs from what was saved. */
export class DocumentStore {
  #pipeline: Pipeline;
  #saved: Pipeline;
  #undo: Step[] = [];
  #redo: Step[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(pipeline: Pipeline = emptyPipeline) {
    this.#pipeline = held(pipeline);
    this.#saved = this.#pipeline;
  }

  get pipeline(): Pipeline {
    return this.#pipeline;
  }
  get canUndo(): boolean {
    return this.#undo.length > 0;
  }
  get canRedo(): boolean {
    return this.#redo.length > 0;
  }
  get undoLabel(): string | null {
    return this.#undo.at(-1)?.label ?? null;
  }
  get redoLabel(): string | null {
    return this.#redo.at(-1)?.label ?? null;
  }
  /** True while the pipeline differs from the one that was opened or last saved. Undoing back to that one makes it false again. */
  get isEdited(): boolean {
    return this.#pipeline !== this.#saved && diff(this.#saved, this.#pipeline).size > 0;
  }

  /**
   * Applies a change as one undoable step named `label`. With `merge`, it joins the previous step if that has the same key (end such a
   * gesture with `seal`). A change without effect adds no step and keeps the steps that can be redone.
   */
  edit(label: string, change: (pipeline: Pipeline) => Pipeline, options: { readonly merge?: string } = {}): void {
    const next = change(this.#pipeline);
    const changes = next === this.#pipeline ? null : diff(this.#pipeline, next);
    if (!changes || changes.size === 0) return;
    this.#pipeline = held(retire(this.#pipeline, next));
    this.#redo = [];
    const merge = options.merge ?? null;
    const last = this.#undo.at(-1);
    if (merge !== null && last?.merge === merge) {
      const both = compose(last.changes, changes);
      this.#undo.pop();
      if (both.size > 0) this.#undo.push({ label, changes: both, merge });
    } else {
      this.#undo.push({ label, changes, merge });
      if (this.#undo.length > historyLimit) this.#undo.shift();
    }
    this.#notify();
  }

  /** Ends a gesture: the next edit starts a step of its own, even with the same merge key. */
  seal(): void {
    const last = this.#undo.at(-1);
    if (last?.merge) this.#undo[this.#undo.length - 1] = { ...last, merge: null };
  }

  /** Both return the ids of the nodes that changed, so that the editor can select them; empty if there is nothing to undo or redo. */
  undo(): readonly string[] {
    return this.#step(this.#undo, this.#redo, 'before');
  }
  redo(): readonly string[] {
    return this.#step(this.#redo, this.#undo, 'after');
  }

  markSaved(pipeline: Pipeline = this.#pipeline): void {
    this.#saved = pipeline;
    this.#notify();
  }

  /** Returns the function that stops listening. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #step(from: Step[], to: Step[], direction: 'before' | 'after'): readonly string[] {
    const step = from.pop();
    if (!step) return [];
    this.#pipeline = held(retire(this.#pipeline, applyDiff(this.#pipeline, step.changes, direction)));
    to.push({ ...step, merge: null });
    this.#notify();
    const ids = [...step.changes.keys()].map((key) => /^(?:nodes|layout)\/(.*)$/.exec(key)?.[1]).filter((id) => id !== undefined);
    return [...new Set(ids)].filter((id) => Object.hasOwn(this.#pipeline.nodes, id));
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** For lookups by editors: by id, where an id can be `constructor`. */
function held(pipeline: Pipeline): Pipeline {
  const { nodes, layout, parameters } = pipeline;
  return { ...pipeline, nodes: bare(nodes), layout: bare(layout), parameters: bare(parameters) };
}
