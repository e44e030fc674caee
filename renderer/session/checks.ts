import type { Pipeline } from '../../engine/document/pipeline.ts';
import type { RequestParams } from '../../engine/protocol/api.ts';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { CheckAnswer, CheckResult, NodeCheck, Problem } from '../../engine/protocol/messages.ts';
import { own } from '../../model/text/own.ts';
import { ask } from './ask.ts';
import { share } from './share.ts';
import { getState, setState } from './state.ts';

/** Long enough to treat a burst of keys as one, too short to be noticed. */
const shortestDelayMs = 30;
const longestDelayMs = 150;
const slowSourceMs = 1000;
let lastCheckMs = 0;

/** How long to wait after an edit for the next one, in ms: longer if the engine has more to do, so that it does not work at each key. */
export function editDelayMs(): number {
  return Math.min(longestDelayMs, Math.max(shortestDelayMs, lastCheckMs));
}

const passing: ReadonlySet<string> = new Set(['engine/gone', 'cancelled', 'document/unknown']);

/** Why the pipeline as it is could not be checked. */
let refusal: Problem | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let newest = 0;

/** Asks the engine to check the document soon. A reply that a newer request has overtaken is dropped. */
export function scheduleCheck(delayMs = editDelayMs()): void {
  clearTimeout(timer);
  timer = setTimeout(() => void runCheck(), delayMs);
}

/** Checks again at once: files that it looks at may have changed. Says whether the pipeline can run; null if no engine answered. */
export async function checkNow(): Promise<boolean | null> {
  clearTimeout(timer);
  return (await runCheck()) ? (getState().check?.runnable ?? null) : null;
}

/** True if the check was applied. */
async function runCheck(): Promise<boolean> {
  const { client, documentId, pipeline } = getState();
  if (!client || !documentId) return false;
  const mine = ++newest;
  try {
    const asked = performance.now();
    const known = held as HeldAnswer | null;
    const since = known?.client === client && known.documentId === documentId ? known.answer : undefined;
    const answer = await ask(client, 'pipeline.check', { documentId, pipeline, ...(since !== undefined && { since }) });
    lastCheckMs = performance.now() - asked;
    const check = complete(answer, client, documentId);
    if (!check) return await runCheck();
    if (mine !== newest || getState().documentId !== documentId) return false;
    refusal = null;
    acceptCheck(check, pipeline);
    // The engine continues to look at such a source: no edit is needed to see what it finds.
    if (check.problems.some(({ code }) => code === 'source/slow')) scheduleCheck(slowSourceMs);
    return true;
  } catch (error) {
    const problem = problemOf(error);
    // The engine is gone: the check is requested again once it is back.
    if (mine !== newest || passing.has(problem.code)) return false;
    refusal = problem;
    collectProblems();
    return false;
  }
}

interface HeldAnswer {
  readonly client: unknown;
  readonly documentId: string;
  readonly answer: number | undefined;
  readonly check: CheckResult;
}
/** The newest answer of the engine, made complete; also one that a newer request has overtaken, since the next builds on it. */
let held: HeldAnswer | null = null;

/** Null if the answer builds on one that this side does not have: the whole must be requested again. */
function complete({ answer, since, gone = [], ...told }: CheckAnswer, client: unknown, documentId: string): CheckResult | null {
  const before: HeldAnswer | null = held?.client === client && held?.documentId === documentId ? held : null;
  held = null;
  if (since !== undefined && before?.answer !== since) return null;
  const nodes = nodesOf(before?.check ?? null, since === undefined ? null : gone, told.nodes);
  const check = { ...share(before?.check ?? {}, { ...told, nodes: null }), nodes };
  held = { client, documentId, answer, check };
  return check;
}

/** With `gone`, `changed` are the nodes that differ from those of `before`, otherwise all of them. Of a thousand nodes, a keystroke changes one. */
function nodesOf(before: CheckResult | null, gone: readonly string[] | null, changed: CheckResult['nodes']): CheckResult['nodes'] {
  if (!before || !gone) return share(before?.nodes, changed);
  const fresh = Object.entries(changed).flatMap(([id, node]) => {
    const shared = share(own(before.nodes, id), node);
    return shared === own(before.nodes, id) ? [] : [[id, shared] as const];
  });
  if (fresh.length === 0 && gone.length === 0) return before.nodes;
  const nodes: Record<string, NodeCheck> = { ...before.nodes, ...Object.fromEntries(fresh) };
  for (const id of gone) delete nodes[id];
  return nodes;
}

function acceptCheck(check: CheckResult, checked: Pipeline): void {
  setState({ check, checked });
  collectProblems();
}

export function acceptCodeProblems(codeProblems: readonly Problem[]): void {
  setState({ codeProblems: share(getState().codeProblems, codeProblems) });
  collectProblems();
}

/** Records how a preview ended: what stopped it is shown at its node until that is edited, or the same preview succeeds. */
export async function watchPreview({ pipeline, node, port }: RequestParams<'preview.read'>, answer: Promise<unknown>): Promise<void> {
  const target = `${node}.${port}`;
  const { previewProblem: old } = getState();
  try {
    await answer;
    if (old?.target === target && getState().previewProblem === old) setState({ previewProblem: null });
    else return;
  } catch (error) {
    const problem = problemOf(error);
    const culprit = problem.node ? own(pipeline?.nodes ?? {}, problem.node) : undefined;
    // The check reports the same for the node.
    if (!culprit || getState().check?.problems.some((known) => known.node === problem.node && known.severity === 'error')) return;
    setState({ previewProblem: { problem, node: culprit, target } });
  }
  collectProblems();
}

const order = { error: 0, warning: 1, info: 2 };

/** Merges the problems of check, code, preview and run. Call it after any of them changed. */
export function collectProblems(): void {
  const { check, codeProblems, previewProblem, run, runStale, pipeline, problems: old, problemsByNode: oldByNode } = getState();
  // Problems of a run of a pipeline that has changed since are shown only in the run panel. If a run completed, its failed rows were
  // skipped or routed, by the policies of their nodes: there is nothing to fix before the next.
  const runProblems = runStale ? [] : (run?.problems ?? []).map((problem) => (run?.state === 'done' ? { ...problem, severity: 'warning' as const } : problem));
  const ofPreview = previewProblem && pipeline.nodes[previewProblem.problem.node ?? ''] === previewProblem.node ? [previewProblem.problem] : [];
  const seen = new Set<string>();
  const all = [...(refusal ? [refusal] : []), ...(check?.problems ?? []), ...codeProblems, ...ofPreview, ...runProblems].filter((problem) => {
    if (problem.node && !pipeline.nodes[problem.node]) return false;
    const { row: _row, position: _position, ...rest } = problem;
    const key = JSON.stringify(Object.entries(rest).sort());
    // The compiler finds the same errors again as the check, at the same place of a snippet.
    const { node, field, range } = problem;
    const place = range && JSON.stringify([node, field, range.line, range.column]);
    const isRepeated = seen.has(key) || (place !== undefined && seen.has(place) && codeProblems.includes(problem));
    seen.add(key);
    if (place !== undefined) seen.add(place);
    return !isRepeated;
  });
  all.sort((left, right) => order[left.severity] - order[right.severity]);
  const byNode: Record<string, Problem[]> = Object.create(null);
  for (const problem of all) {
    if (!problem.node) continue;
    const own = byNode[problem.node] ?? [];
    byNode[problem.node] = own;
    own.push(problem);
  }
  setState({ problems: share(old, all), problemsByNode: share(oldByNode, byNode) });
}
