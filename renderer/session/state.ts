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
  /** The zone in which timestamps are shown: an IANA name, or a special value of time-zone.ts. */
  readonly timeZone: string;
  /** Panels that are shown. */
  readonly palette: boolean;
  readonly inspector: boolean;
  readonly dock: boolean;
  /** Sizes of panel groups in percent, by group. */
  readonly layouts: { readonly [group: string]: { readonly [panel: string]: number } };
  /** Whatever a panel wants to keep, under a key of its own. */
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
  /** In words, for the status bar: why the engine is not ready, or why it restarted. */
  readonly engineMessage: string | null;
  readonly hello: RequestResults['hello'] | null;
  readonly catalogue: ReadonlyMap<string, NodeManifest>;
  /** The types of connections that can be made. */
  readonly connectionTypes: readonly ConnectionManifest[];

  readonly document: DocumentStore;
  /** Incremented for each opened document: panels are created again, so that none shows content of the previous one. */
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
  /** It was trusted until its connections were changed by somebody else. */
  readonly hasMovedConnections: boolean;
  readonly stamp: string | null;

  /** Those beside the document; null until the engine has answered. */
  readonly connections: ConnectionsView | null;
  readonly check: CheckResult | null;
  /** The pipeline that `check` is of: right after an edit, or after a document was opened, an older one. */
  readonly checked: Pipeline | null;
  /** Type errors of snippets, which arrive later than the check. */
  readonly codeProblems: readonly Problem[];
  /** A problem that only execution showed: a loop that never ended. Stays while its node is unchanged. */
  readonly previewProblem: { readonly problem: Problem; readonly node: PipelineNode; readonly target: string } | null;
  /** Check, code, preview and current run together, errors first. */
  readonly problems: readonly Problem[];
  readonly problemsByNode: { readonly [node: string]: readonly Problem[] };

  /** Nothing was begun yet: the start page is shown instead of an empty canvas. */
  readonly isStart: boolean;
  readonly selection: { readonly nodes: readonly string[]; readonly edges: readonly string[] };
  /** A field to show (a problem was clicked); the inspector scrolls to it and focuses it whenever `at` changes. */
  readonly focusField: { readonly node: string; readonly field: string | null; readonly line?: number; readonly column?: number; readonly at: number } | null;

  readonly runs: readonly RunSummary[];
  /** The run that canvas and run panel show. */
  readonly run: RunSummary | null;
  /** The pipeline as that run took it; null for a run of another window or an earlier session. */
  readonly runPipeline: Pipeline | null;
  /** True while the meaning of the pipeline differs from that run's. */
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
  hasMovedConnections: false,
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

/** Resolves with the run once `test` is true for it; it must be known. */
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
