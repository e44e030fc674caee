import { UnstyledButton } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { edgeId } from '../../engine/document/pipeline.ts';
import type { NodeManifest, PreviewResult, Problem } from '../../engine/protocol/messages.ts';
import { own } from '../../model/text/own.ts';
import { visible } from '../../model/text/visible-text.ts';
import { countText, elapsedText, rowsText } from '../format/value-text.ts';
import { selectionText } from '../graph/selection-text.ts';
import { DataGrid } from '../grid/DataGrid.tsx';
import { isRunning } from '../session/run-state.ts';
import { session, useNodeCheck, usePipeline, useSession } from '../session/session.ts';
import { EmptyState } from '../shell/EmptyState.tsx';
import styles from '../shell/Panel.module.css';
import { FixButton } from '../shell/problems/FixButton.tsx';
import { sentence } from '../shell/problems/field-problems.ts';
import { ProblemBar } from '../shell/problems/ProblemBar.tsx';
import { LiveFacts, RunRows } from './RunRows.tsx';
import { type PreviewSubject, type PreviewTarget, previewTargets, subjectOf } from './targets.ts';
import { usePreview } from './use-preview.ts';

const firstLimit = 1000;
const fullLimit = 100_000;
const runTab = 'run';

/** Rows at the selected node or edge, refreshed as the pipeline is edited. Fills its parent. */
export default function PreviewPanel() {
  const selection = useSession((state) => state.selection);
  const pipeline = usePipeline();
  const subject = subjectOf(selection);
  const count = selection.nodes.length + selection.edges.length;
  const exists =
    subject !== null && (subject.kind === 'node' ? Object.hasOwn(pipeline.nodes, subject.id) : pipeline.edges.some((edge) => edgeId(edge) === subject.id));
  return (
    <section className={styles.panel} aria-label="Data preview">
      {exists ? (
        <SubjectPreview key={`${subject.kind} ${subject.id}`} subject={subject} />
      ) : Object.keys(pipeline.nodes).length === 0 ? (
        <EmptyState title="No data yet" text="Drag a source from the palette onto the canvas, or open an example." />
      ) : count > 1 ? (
        <EmptyState title={selectionText(selection)} text="Select one node or one edge to see its rows." />
      ) : (
        <EmptyState title="Nothing selected" text="Select a node or an edge to see its rows." />
      )}
    </section>
  );
}

function SubjectPreview({ subject }: { readonly subject: PreviewSubject }) {
  const pipeline = usePipeline();
  const ownNode = subject.kind === 'node' ? subject.id : '';
  const check = useNodeCheck(ownNode);
  const node = pipeline.nodes[ownNode];
  const manifest = useSession((state) => (node ? state.catalogue.get(node.type) : undefined));
  const targets = useMemo(() => previewTargets(pipeline, subject, check), [pipeline, subject, check]);
  const inspected = useSession((state) => state.run?.outputs.some((output) => output.node === ownNode && output.kind === 'memory') ?? false);
  const run = useSession((state) => state.run);
  const [tab, setTab] = useState<string | null>(null);
  const [view, setView] = useState<'live' | 'sample' | null>(null);
  const [limit, setLimit] = useState(firstLimit);
  const target = targets.find((candidate) => candidate.key === tab) ?? targets[0] ?? null;
  const showsRun = inspected && (tab === runTab || (tab === null && manifest?.kind === 'sink'));
  const title = visible(node ? (node.title ?? manifest?.title ?? ownNode) : edgeTitle(subject.id, pipeline.nodes));

  const shown = showsRun ? null : target;
  // For a stream, the current rows are of interest; for a run that ends soon, the sample stays.
  const canBeLive = shown !== null && isRunning(run) && run?.stats[shown.node]?.out[shown.port] !== undefined;
  const isLive = canBeLive && (view ?? (run?.bounded === false ? 'live' : 'sample')) === 'live';
  const preview = usePreview(isLive ? null : shown, limit);
  const { result } = preview;
  return (
    <>
      <div className={styles.bar}>
        <span className={styles.subject}>{title}</span>
        {(targets.length > 1 || inspected) && (
          <div className={styles.tabs} role="tablist" aria-label="Ports">
            {targets.map(({ key, label, side }) => (
              <UnstyledButton key={key} role="tab" className={styles.tab} aria-selected={shown?.key === key} onClick={() => setTab(key)}>
                <small>{side}</small>
                {label}
              </UnstyledButton>
            ))}
            {inspected && (
              <UnstyledButton role="tab" className={styles.tab} aria-selected={showsRun} onClick={() => setTab(runTab)}>
                <small>run</small>
                latest rows
              </UnstyledButton>
            )}
          </div>
        )}
        {canBeLive && (
          <div className={styles.tabs} role="tablist" aria-label="Rows of">
            <UnstyledButton role="tab" className={styles.tab} aria-selected={isLive} onClick={() => setView('live')} title="The rows passing here in the run">
              <span className={styles.liveDot} />
              Live
            </UnstyledButton>
            <UnstyledButton
              role="tab"
              className={styles.tab}
              aria-selected={!isLive}
              onClick={() => setView('sample')}
              title="The pipeline as it is now, over the first rows of its input"
            >
              Sample
            </UnstyledButton>
          </div>
        )}
        {isLive && shown && <LiveFacts target={shown} />}
        {!isLive && result && shown && preview.problem && <div className={styles.facts}>Rows from before this error</div>}
        {!isLive && result && shown && !preview.problem && (
          <Facts result={result} target={shown} kind={manifest?.kind} onMore={limit < fullLimit ? () => setLimit(fullLimit) : undefined} />
        )}
      </div>
      {showsRun ? (
        <RunRows node={ownNode} />
      ) : isLive && shown ? (
        <RunRows key={shown.key} node={shown.node} port={shown.port} />
      ) : (
        <>
          {preview.problem && preview.source ? (
            <ProblemBar problems={[preview.problem]} shownNode={ownNode} />
          ) : (
            result && <ProblemBar problems={result.problems} shownNode={ownNode} total={failedRows(result)} />
          )}
          <Rows preview={preview} target={shown} manifest={manifest} label={`Rows of ${title}`} />
        </>
      )}
    </>
  );
}

interface RowsProps {
  readonly preview: ReturnType<typeof usePreview>;
  readonly target: PreviewTarget | null;
  readonly manifest: NodeManifest | undefined;
  readonly label: string;
}

function Rows({ preview, target, manifest, label }: RowsProps) {
  const { result, source, problem } = preview;
  const engine = useSession((state) => state.engine);
  const message = useSession((state) => state.engineMessage);
  const trusted = useSession((state) => state.trusted);
  if (!target) {
    if (manifest?.kind === 'sink') return <EmptyState title="Connect an input" text="The rows that arrive at this node are shown here." />;
    return <EmptyState title={manifest ? 'No rows to show' : 'Unknown node'} text={manifest ? undefined : 'This version of Millrace cannot run it.'} />;
  }
  if (!source || !result) {
    if (problem) return <WhyNot problem={problem} selected={target.side === 'out' ? target.node : null} />;
    if (!trusted)
      return <EmptyState title="This pipeline is not trusted yet" text="It came from elsewhere. Until you trust it, it reads no files and runs no code." />;
    if (engine !== 'ready')
      return <EmptyState title={engine === 'lost' ? 'The engine cannot be reached' : 'Starting the engine…'} text={message ?? undefined} />;
    return preview.late ? <EmptyState title="Reading…" /> : <div className={styles.empty} />;
  }
  const allFailed = result.total === 0 && (own(result.counts, target.node)?.failed ?? 0) > 0;
  const rows = allFailed && preview.lastRows ? preview.lastRows : source;
  if (rows.total === 0) return <NoRows result={result} target={target} />;
  return (
    <DataGrid
      source={rows}
      label={label}
      layoutKey={`${target.node}.${target.port}`}
      dimmed={preview.late || ((problem !== null || rows !== source) && !preview.waiting)}
      onDrawn={preview.onDrawn}
    />
  );
}

/** The reason why there are no rows, in their place. */
function WhyNot({ problem, selected }: { readonly problem: Problem; readonly selected: string | null }) {
  const title = useSession((state) => (problem.node ? (state.pipeline.nodes[problem.node]?.title ?? null) : null));
  const { node, field, range } = problem;
  return (
    <EmptyState
      title={sentence(title && node !== selected ? `${title}: ${problem.message}` : problem.message)}
      text={problem.hint}
      action={node && (field || node !== selected) ? { label: 'Show', run: () => session.showField(node, field ?? null, range) } : undefined}
    >
      <FixButton problem={problem} className={styles.link} />
    </EmptyState>
  );
}

function NoRows({ result, target }: { readonly result: PreviewResult; readonly target: PreviewTarget }) {
  const counts = own(result.counts, target.node);
  const isStream = useSession(({ pipeline, catalogue }) => {
    const manifest = catalogue.get(pipeline.nodes[target.node]?.type ?? '');
    return manifest?.kind === 'source' && !manifest.bounded;
  });
  if (counts && counts.failed > 0 && counts.out === 0) {
    return (
      <EmptyState
        title={counts.failed === 1 ? 'The only row failed' : `All ${rowsText(counts.failed)} failed`}
        text="The first failure is shown above. Fix it, or let the node skip such rows."
      />
    );
  }
  if (counts && counts.in > 0 && target.late) return <EmptyState title="No late rows" text={`All ${rowsText(counts.in)} came in time.`} />;
  if (counts && counts.in > 0) return <EmptyState title="No rows here" text={`${rowsText(counts.in)} in, none out by “${target.label}”.`} />;
  if (isStream) return <EmptyState title="No rows yet" text="Rows that arrive while the pipeline runs are shown here." />;
  return <EmptyState title="No rows" text={result.complete ? 'The input is empty.' : 'The sample is empty.'} />;
}

interface FactsProps {
  readonly result: PreviewResult;
  readonly target: PreviewTarget;
  readonly kind: NodeManifest['kind'] | undefined;
  readonly onMore: (() => void) | undefined;
}

function Facts({ result, target, kind, onMore }: FactsProps) {
  const counts = own(result.counts, target.node);
  const cut = result.rows.length < result.total;
  const inputs = useInputs(result, target, kind);
  return (
    <div className={styles.facts}>
      {counts && counts.failed > 0 && <span className={styles.failed}>{countText(counts.failed)} failed</span>}
      <span data-testid="preview-count" title={inputs ? 'Rows into this node, and out of this port' : undefined}>
        {inputs && (
          <>
            {inputs} <IconArrowRight size={11} style={{ verticalAlign: -1 }} aria-label="to" />{' '}
          </>
        )}
        {rowsText(result.total)}
      </span>
      {cut && <span>first {countText(result.rows.length)} shown</span>}
      {cut && onMore && (
        <UnstyledButton className={styles.link} onClick={onMore}>
          Show more
        </UnstyledButton>
      )}
      <span
        className={styles.sample}
        title={result.complete ? 'The preview covers all of the input.' : 'The preview was computed from the first rows of the input.'}
      >
        {result.complete ? 'all rows' : 'sample'}
      </span>
      <span title="Time taken by the engine">{elapsedText(result.elapsedMs)}</span>
    </div>
  );
}

function failedRows({ counts }: PreviewResult): number {
  return Object.values(counts).reduce((sum, { failed }) => sum + failed, 0);
}

/** How many rows came into a transform: for several inputs each by its name, since their sum is meaningless. Null for nodes without inputs. */
function useInputs(result: PreviewResult, target: PreviewTarget, kind: NodeManifest['kind'] | undefined): string | null {
  const pipeline = usePipeline();
  const check = useNodeCheck(target.node);
  if (target.side !== 'out' || kind !== 'transform' || !result.counts[target.node]) return null;
  const byPort = new Map<string, number>();
  for (const { from, to } of pipeline.edges) {
    if (to.node !== target.node) continue;
    byPort.set(to.port, (byPort.get(to.port) ?? 0) + (result.counts[from.node]?.ports[from.port] ?? 0));
  }
  if (byPort.size <= 1) return countText(result.counts[target.node]?.in ?? 0);
  return (check?.inputs ?? []).map(({ name, label }) => `${label} ${countText(byPort.get(name) ?? 0)}`).join(', ');
}

/** `readings → hot` for an edge's id. */
function edgeTitle(id: string, nodes: { readonly [id: string]: { readonly title?: string } }): string {
  const ends = id.split('->').map((end) => end.slice(0, end.lastIndexOf('.')));
  return ends.map((node) => nodes[node]?.title ?? node).join(' → ');
}
