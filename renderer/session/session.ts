/**
 * The editor's session: one store, its hooks, and the actions that change it. Panels import from here.
 * Reading: `useSession(selector)` and the narrower hooks. Writing: the actions of `session`.
 */
import { useShallow } from 'zustand/react/shallow';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { DocumentStore } from '../../engine/document/store.ts';
import type { RequestName, RequestParams, RequestResults } from '../../engine/protocol/api.ts';
import type { NodeCheck, OpenedDocument, Problem } from '../../engine/protocol/messages.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { own } from '../../model/text/own.ts';
import type { Json } from '../../model/values/types.ts';
import { ask, isAboutPipeline } from './ask.ts';
import { collectProblems, scheduleCheck, watchPreview } from './checks.ts';
import { readConnections } from './connections.ts';
import { meansTheSame } from './meaning.ts';
import { writeSetting } from './settings.ts';
import { type DockTab, getState, type SessionState, type Settings, setState, useSession } from './state.ts';

export { type DockTab, type SessionState, type Settings, useSession } from './state.ts';

const noProblems: readonly Problem[] = [];

export function usePipeline(): Pipeline {
  return useSession((state) => state.pipeline);
}
export function useNodeCheck(id: string): NodeCheck | null {
  return useSession((state) => own(state.check?.nodes ?? {}, id) ?? null);
}
/** All problems, or those of one node. The same list while they do not change. */
export function useProblems(node?: string): readonly Problem[] {
  return useSession((state) => (node === undefined ? state.problems : (own(state.problemsByNode, node) ?? noProblems)));
}
/** The only selected node, or null if none or several are selected. */
export function useSelectedNode(): string | null {
  return useSession((state) => (state.selection.nodes.length === 1 ? (state.selection.nodes[0] ?? null) : null));
}
/** Several values at once, compared one by one. */
export function useSessionValues<T extends object>(selector: (state: SessionState) => T): T {
  return useSession(useShallow(selector));
}

let unsubscribe = mirror(getState().document);

export const session = {
  get state(): SessionState {
    return getState();
  },

  /** Asks the engine. Rejects with a MillraceError; code `engine/gone` while there is no engine. */
  request<K extends RequestName>(name: K, params: RequestParams<K>, options?: { readonly signal?: AbortSignal }): Promise<RequestResults[K]> {
    const { client } = getState();
    if (client) {
      const answer = (isAboutPipeline(name) ? ask(client, name, params as never, options) : client.request(name, params, options)) as Promise<
        RequestResults[K]
      >;
      if (name === 'preview.read') void watchPreview(params as RequestParams<'preview.read'>, answer);
      return answer;
    }
    return Promise.reject(
      new MillraceError({ code: 'engine/gone', message: 'The engine is not running.', hint: 'Millrace starts it automatically; try again in a moment.' }),
    );
  },

  /** One undoable change of the pipeline. Consecutive edits with the same `merge` key are one step (typing in one field, a drag). */
  edit(label: string, change: (pipeline: Pipeline) => Pipeline, options?: { readonly merge?: string }): void {
    getState().document.edit(label, change, options);
  },
  /** Ends a gesture: the next edit is a step of its own. Call it on blur and at the end of a drag. */
  seal(): void {
    getState().document.seal();
  },
  undo(): void {
    const { document } = getState();
    const changed = document.undo();
    if (changed.length > 0) session.select({ nodes: changed });
  },
  redo(): void {
    const { document } = getState();
    const changed = document.redo();
    if (changed.length > 0) session.select({ nodes: changed });
  },

  select(selection: { readonly nodes?: readonly string[]; readonly edges?: readonly string[] }): void {
    const { selection: old } = getState();
    const next = { nodes: selection.nodes ?? [], edges: selection.edges ?? [] };
    if (!sameItems(old.nodes, next.nodes) || !sameItems(old.edges, next.edges)) setState({ selection: next });
  },
  /** Selects a node, opens the inspector, and asks it to show a field (null: just itself). */
  showField(node: string, field: string | null, range?: { readonly line: number; readonly column: number }): void {
    session.select({ nodes: [node] });
    session.set('inspector', true);
    setState({ focusField: { node, field, ...range, at: Date.now() } });
  },
  showDock(tab: DockTab): void {
    setState({ dockTab: tab });
    session.set('dock', true);
  },
  /** Opens a SQLite file in the results panel. */
  showResult(path: string): void {
    setState({ resultPath: path });
    session.showDock('results');
  },
  /** Remembers a setting, here and in the engine's data folder. */
  set<K extends keyof Settings & string>(key: K, value: Settings[K] & Json): void {
    writeSetting(key, value);
  },

  /** Leaves the start page for the canvas. */
  begin(): void {
    setState({ isStart: false });
  },

  /** Requests a check although the pipeline did not change: what it is checked against did (trust, a file). */
  recheck(): void {
    scheduleCheck(0);
  },

  /**
   * Makes an opened document the current one, with a new history and its first node selected, so that rows are seen at once. With `edited`,
   * it counts as unsaved: a restored copy. With `start`, the start page is shown until something is begun.
   */
  load(opened: OpenedDocument, options: { readonly edited?: boolean; readonly start?: boolean } = {}): void {
    const document = new DocumentStore(opened.pipeline);
    if (options.edited) document.markSaved(emptyPipeline);
    unsubscribe();
    setState({
      document,
      opened: getState().opened + 1,
      documentId: opened.documentId,
      path: opened.path,
      isStart: options.start ?? false,
      trusted: opened.trusted,
      hasMovedConnections: false,
      stamp: opened.stamp,
      connections: null,
      check: null,
      codeProblems: [],
      previewProblem: null,
      problems: [],
      problemsByNode: {},
      selection: { nodes: firstNode(opened.pipeline), edges: [] },
      focusField: null,
      run: null,
      runPipeline: null,
      runStale: false,
      dockTab: 'data',
      resultPath: null,
    });
    unsubscribe = mirror(document);
    scheduleCheck(0);
    void readConnections();
  },
};

/** The first node: one without incoming edges, at the upper left. */
function firstNode({ nodes, edges, layout }: Pipeline): string[] {
  const place = (id: string) => (layout[id]?.x ?? 0) + (layout[id]?.y ?? 0);
  const starts = Object.keys(nodes).filter((id) => !edges.some((edge) => edge.to.node === id));
  return starts.sort((left, right) => place(left) - place(right)).slice(0, 1);
}

/** Copies what selectors need from the document whenever it changes. */
function mirror(document: DocumentStore): () => void {
  const copy = () => {
    const { pipeline, canUndo, canRedo, undoLabel, redoLabel, isEdited } = document;
    const { pipeline: old, selection, run, runPipeline, runStale: wasStale } = getState();
    const changed = old.nodes !== pipeline.nodes || old.edges !== pipeline.edges || old.parameters !== pipeline.parameters;
    const runStale = changed && run && runPipeline ? !meansTheSame(runPipeline, pipeline) : wasStale;
    setState({ pipeline, canUndo, canRedo, undoLabel, redoLabel, isEdited, runStale });
    if (runStale !== wasStale) collectProblems();
    if (changed && selection.nodes.some((id) => !pipeline.nodes[id])) session.select({ nodes: selection.nodes.filter((id) => pipeline.nodes[id]) });
    if (changed) scheduleCheck();
  };
  copy();
  return document.subscribe(copy);
}

function sameItems(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}
