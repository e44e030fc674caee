import { create } from 'zustand';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import { DocumentStore } from '../../engine/document/store.ts';
import type { EditorProtocol, RequestResults } from '../../engine/protocol/api.ts';
import type { Client } from '../../engine/protocol/connection.ts';
import type { CheckResult, ConnectionManifest, ConnectionsView, LogLine, NodeManifest, Pipeline, Problem, RunSummary } from '../../engine/protocol/messages.ts';
import type { Json } from '../../model/values/types.ts';

/** What the editor remembers between sessions. */
export interface Settings {
  readonly theme: 'system' | 'light' | 'dark';
  readonly minimap: boolean;
  readonly snap: boolean;
  /** In which timestamps are shown: an IANA name, or what time-zone.ts says. */
  readonly timeZone: string;
  /** Panels that are shown. */
  readonly palette: boolean;
  readonly inspector: boolean;
  readonly dock: boolean;
  /** Sizes of panel groups in percent, by group. */
  readonly layouts: { readonly [group: string]: { readonly [panel: string]: number } };
  /** Whatever a panel wants to keep, by a key of its own. */
  readonly [key: string]: Json;
}
export const defaultSettings: Settings = {
  theme: 'system',
  minimap: true,
  snap: false,
  timeZone: 'UTC',
  palette: true,
  inspector: true,
  dock: true,
  layouts: {},
};

export type DockTab = 'data' | 'problems' | 'run' | 'results';
export type EngineState = 'connecting' | 'ready' | 'restarting' | 'lost';

/** Everything the editor knows. Changed by the actions of session.ts only; components read it through `useSession`. */
export interface SessionState {
  readonly client: Client<EditorProtocol> | null;
  readonly engine: EngineState;
  /** In words, for the status bar: why the engine is not ready, or what restarted it. */
  readonly engineMessage: string | null;
  readonly hello: RequestResults['hello'] | null;
  readonly catalogue: ReadonlyMap<string, NodeManifest>;
  /** The types of connections that can be made. */
  readonly connectionTypes: readonly ConnectionManifest[];

  readonly document: DocumentStore;
  /** Counts documents as they are opened: panels are drawn anew for each, so that none shows what it held of the one before. */
  readonly opened: number;
  /** The document's pipeline and history, mirrored so that selectors see changes. */
  readonly pipeline: Pipeline;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly undoLabel: string | null;
  readonly redoLabel: string | null;
  readonly isEdited: boolean;
  /** Null until the engine has answered; the document can be edited before. */
  readonly documentId: string | null;
  readonly path: string | null;
  readonly trusted: boolean;
  readonly stamp: string | null;

  /** Those beside the document; null until the engine has answered. */
  readonly connections: ConnectionsView | null;
  readonly check: CheckResult | null;
  /** The pipeline that `check` is of: right after an edit, or after a document was opened, another one. */
  readonly checked: Pipeline | null;
  /** Type errors of snippets, which arrive later than the check. */
  readonly codeProblems: readonly Problem[];
  /** What only carrying it out showed: a loop that never ended. Holds while its node stays as it was. */
  readonly previewProblem: { readonly problem: Problem; readonly node: PipelineNode; readonly target: string } | null;
  /** Check, code, preview and current run together, errors first. */
  readonly problems: readonly Problem[];
  readonly problemsByNode: { readonly [node: string]: readonly Problem[] };

  /** Nothing was begun yet: the start page is shown in place of an empty canvas. */
  readonly isStart: boolean;
  readonly selection: { readonly nodes: readonly string[]; readonly edges: readonly string[] };
  /** A field that somebody wants to see (a problem was clicked); the inspector scrolls to it and focuses it whenever `at` changes. */
  readonly focusField: { readonly node: string; readonly field: string | null; readonly line?: number; readonly column?: number; readonly at: number } | null;

  readonly runs: readonly RunSummary[];
  /** The run that canvas and run panel show. */
  readonly run: RunSummary | null;
  /** The pipeline as that run took it; null for a run of another window or another day. */
  readonly runPipeline: Pipeline | null;
  /** True while the pipeline means something else than what that run took. */
  readonly runStale: boolean;
  readonly logs: { readonly [runId: string]: readonly LogLine[] };

  readonly settings: Settings;
  readonly dockTab: DockTab;
  /** The SQLite file that the results panel shows. */
  readonly resultPath: string | null;
}

const document = new DocumentStore();

export const useSession = create<SessionState>()(() => ({
  client: null,
  engine: 'connecting',
  engineMessage: null,
  hello: null,
  catalogue: new Map(),
  connectionTypes: [],
  document,
  opened: 0,
  pipeline: document.pipeline,
  canUndo: false,
  canRedo: false,
  undoLabel: null,
  redoLabel: null,
  isEdited: false,
  documentId: null,
  path: null,
  trusted: true,
  stamp: null,
  connections: null,
  check: null,
  checked: null,
  codeProblems: [],
  previewProblem: null,
  problems: [],
  problemsByNode: {},
  isStart: true,
  selection: { nodes: [], edges: [] },
  focusField: null,
  runs: [],
  run: null,
  runPipeline: null,
  runStale: false,
  logs: {},
  settings: defaultSettings,
  dockTab: 'data',
  resultPath: null,
}));

export const getState = useSession.getState;
export const setState = useSession.setState;

/** Resolves with the run once `test` holds of it; it must be known. */
export function onRunChanged(id: string, test: (run: RunSummary) => boolean): Promise<RunSummary> {
  return new Promise((resolve) => {
    const look = ({ runs }: SessionState) => {
      const run = runs.find((other) => other.id === id);
      if (!run || !test(run)) return;
      stop();
      resolve(run);
    };
    const stop = useSession.subscribe(look);
    look(getState());
  });
}
