/** Scans of whole inputs: by node of the open document, so that they continue while something else is selected. */
import { create } from 'zustand';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { Problem, ScanProgress, ScanResult } from '../../engine/protocol/messages.ts';
import { session } from './session.ts';

export interface Scan {
  readonly state: 'running' | 'done' | 'failed';
  readonly progress: ScanProgress | null;
  readonly result: ScanResult | null;
  readonly problem: Problem | null;
  /** As it was when it was scanned. */
  readonly node: PipelineNode;
  readonly stop: AbortController;
}

const useScans = create<{ readonly [key: string]: Scan }>()(() => ({}));
const keyOf = (node: string) => `${session.state.documentId} ${node}`;

/** The newest scan of a node, or null. */
export function useScan(node: string): Scan | null {
  return useScans((scans) => scans[keyOf(node)] ?? null);
}

export async function startScan(id: string): Promise<void> {
  const key = keyOf(id);
  const { documentId, pipeline, client } = session.state;
  const node = pipeline.nodes[id];
  if (!documentId || !client || !node) return;
  stopScan(id);
  const stop = new AbortController();
  const begun: Scan = { state: 'running', progress: null, result: null, problem: null, node, stop };
  useScans.setState({ [key]: begun });
  const isCurrent = () => useScans.getState()[key]?.stop === stop;
  const unlisten = client.on('source.scanning', ({ documentId: of, node: about, ...progress }) => {
    if (of === documentId && about === id && isCurrent()) useScans.setState({ [key]: { ...begun, progress } });
  });
  try {
    const result = await session.request('source.scan', { documentId, pipeline, node: id }, { signal: stop.signal });
    if (isCurrent()) useScans.setState({ [key]: { ...begun, state: 'done', result } });
  } catch (error) {
    const problem = problemOf(error);
    if (!isCurrent()) return;
    if (problem.code === 'scan/stopped') forget(key);
    else useScans.setState({ [key]: { ...begun, state: 'failed', problem } });
  } finally {
    unlisten();
  }
}

export function stopScan(id: string): void {
  useScans.getState()[keyOf(id)]?.stop.abort();
}

/** Asks the engine for its last result for the current input: of this window, or of an earlier one. */
export async function recallScan(id: string): Promise<void> {
  const key = keyOf(id);
  const { documentId, pipeline } = session.state;
  const node = pipeline.nodes[id];
  const known = useScans.getState()[key];
  if (!documentId || !node || known?.state === 'running') return;
  const { result } = await session.request('source.scanned', { documentId, pipeline, node: id }).catch(() => ({ result: null }));
  if (useScans.getState()[key] !== known || session.state.pipeline.nodes[id]?.params !== node.params) return;
  if (result) useScans.setState({ [key]: { state: 'done', progress: null, result, problem: null, node, stop: new AbortController() } });
  else if (known?.node.params === node.params && known.state === 'done') forget(key);
}

function forget(key: string): void {
  useScans.setState((scans) => Object.fromEntries(Object.entries(scans).filter(([other]) => other !== key)), true);
}
