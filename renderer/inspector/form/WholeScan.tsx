import { Button, Progress, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconFileSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { fixProblem, isFixable } from '../../../engine/document/edits.ts';
import type { ScannedColumn, ScannedFault, ScanResult, SeenLine } from '../../../engine/protocol/messages.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { visible } from '../../../model/text/visible-text.ts';
import type { ColumnType } from '../../../model/values/types.ts';
import { counted, formatBytes, formatDuration, formatShort } from '../../format/run-text.ts';
import { TypeIcon } from '../../grid/TypeIcon.tsx';
import { recallScan, type Scan, startScan, stopScan, useScan } from '../../session/scans.ts';
import { session, usePipeline, useSession } from '../../session/session.ts';
import { FixButton } from '../../shell/problems/FixButton.tsx';
import styles from './Evidence.module.css';
import { FindingRow, SeenLines } from './Evidence.tsx';
import { ProblemLines } from './ProblemLines.tsx';
import { useForm } from './widget.ts';

/** Reads all of a source's input, and shows what does not fit. Nothing for sources that cannot be read at any time. */
export function WholeScan() {
  const { node, check, problems } = useForm();
  const current = usePipeline().nodes[node];
  const scans = useSession((state) => state.catalogue.get(current?.type ?? '')?.scans === true);
  const canScan = useSession((state) => state.trusted) && check?.outputs[0]?.schema != null && !problems.some(({ severity }) => severity === 'error');
  const scan = useScan(node);
  // A check follows each edit, and whatever else may have changed the input.
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again after each check.
  useEffect(() => {
    if (scans && canScan) void recallScan(node);
  }, [scans, canScan, node, check]);
  if (!scans || !current) return null;
  const isOlder = scan !== null && scan.node.params !== current.params && scan.state === 'done';
  return (
    <div className={styles.scan}>
      {scan?.state === 'running' ? (
        <Running scan={scan} onStop={() => stopScan(node)} />
      ) : (
        <>
          {scan?.result && <Outcome result={scan.result} isOlder={isOlder} />}
          {scan?.problem && <ProblemLines problems={[scan.problem]} />}
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconFileSearch size={14} stroke={1.6} />}
            disabled={!canScan}
            title={canScan ? 'Reads all rows, and changes nothing' : 'Possible once the source has no errors'}
            onClick={() => void startScan(node)}
          >
            {scan?.result ? 'Check all rows again' : 'Check all rows'}
          </Button>
          {!scan && <span className={styles.because}>Types are inferred from a sample. This reads all rows and lists what does not fit.</span>}
        </>
      )}
    </div>
  );
}

function Running({ scan: { progress }, onStop }: { readonly scan: Scan; readonly onStop: () => void }) {
  const share = progress?.total ? Math.min(100, (100 * progress.done) / progress.total) : 0;
  const of = progress?.total ? `${formatBytes(progress.done)} of ${formatBytes(progress.total)}` : 'Starting';
  return (
    <>
      <Progress value={share} size="sm" aria-label="Progress of the check" />
      <div className={styles.scanLine}>
        <span role="status">
          {of}
          {progress && ` · ${counted(progress.rows + progress.failed, 'row')}`}
          {progress && progress.failed > 0 && ` · ${formatShort(progress.failed)} do not fit`}
        </span>
        <Button variant="default" size="compact-xs" onClick={onStop}>
          Stop
        </Button>
      </div>
    </>
  );
}

function Outcome({ result, isOlder }: { readonly result: ScanResult; readonly isOlder: boolean }) {
  const { node } = useForm();
  const pipeline = usePipeline();
  const { columns, faults, failed, rows, stopped, logs, elapsedMs } = result;
  const isGood = failed === 0 && stopped === null;
  const areSeveral = new Set([...columns, ...faults].flatMap(({ first }) => first.map(({ source }) => source))).size > 1;
  const fixes = columns.flatMap(({ fix }) => (fix && isFixable(pipeline, node, { fix }) ? [fix] : []));
  return (
    <>
      <div className={styles.outcome} data-kind={isGood ? 'good' : 'bad'} role="status">
        {isGood ? <IconCircleCheck size={15} stroke={1.8} /> : <IconAlertTriangle size={15} stroke={1.8} />}
        <span>
          {isGood
            ? `All ${counted(rows, 'row')} fit.`
            : `${failed.toLocaleString('en')} of ${counted(rows + failed, 'row')} ${failed === 1 ? 'does' : 'do'} not fit.`}{' '}
          <span className={styles.quiet}>{isOlder ? 'Before the settings were changed.' : `Read in ${formatDuration(elapsedMs)}.`}</span>
        </span>
      </div>
      {stopped && <ProblemLines problems={[stopped]} />}
      {(columns.length > 0 || faults.length > 0) && (
        <ul className={styles.found} aria-label="What does not fit">
          {columns.map((column) => (
            <ColumnOfScan key={column.name} column={column} areSeveral={areSeveral} />
          ))}
          {faults.map((fault) => (
            <FaultOfScan key={fault.problem.code} fault={fault} areSeveral={areSeveral} />
          ))}
        </ul>
      )}
      {fixes.length > 1 && (
        <UnstyledButton
          className={styles.reset}
          onClick={() => session.edit(`Widen ${fixes.length} columns`, (before) => fixes.reduce((next, fix) => fixProblem(next, node, { fix }), before))}
        >
          Widen all {fixes.length} columns
        </UnstyledButton>
      )}
      {logs.map((message) => (
        <p key={message} className={styles.because}>
          {visible(message)}
        </p>
      ))}
    </>
  );
}

function ColumnOfScan({ column: { name, type, cells, first, fix }, areSeveral }: { readonly column: ScannedColumn; readonly areSeveral: boolean }) {
  const { node } = useForm();
  const [open, setOpen] = useState(false);
  const pipeline = usePipeline();
  const isDone = fix !== null && !isFixable(pipeline, node, { fix });
  const wider = fix?.entry['type'] === 'string' ? 'text' : fix?.entry['type'];
  const problem = { code: 'scan/misfit', severity: 'warning', message: '', node, ...(fix && { fix }) } as const;
  return (
    <FindingRow
      open={open}
      onToggle={() => setOpen(!open)}
      action={isDone ? <span className={styles.done}>now {wider}</span> : <FixButton problem={problem} className={styles.fix} label={`Read as ${wider}`} />}
      head={
        <>
          <TypeIcon type={type as ColumnType} />
          <span className={styles.name} title={visible(name)}>
            {visible(name)}
          </span>
          <span className={styles.misfit}>{counted(cells, 'cell')}</span>
        </>
      }
    >
      <p className={styles.because}>{visible(itemAt(first, 0).message)}.</p>
      <SeenLines lines={areSeveral ? first : withoutSource(first)} label={`${name}: the first cells that do not fit`} />
    </FindingRow>
  );
}

function FaultOfScan({ fault: { rows, first, problem }, areSeveral }: { readonly fault: ScannedFault; readonly areSeveral: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <FindingRow
      open={open}
      onToggle={() => setOpen(!open)}
      action={<FixButton problem={problem} className={styles.fix} />}
      head={
        <>
          <span className={styles.name}>{kinds[problem.code] ?? 'Cannot be read'}</span>
          <span className={styles.misfit}>{counted(rows, 'row')}</span>
        </>
      }
    >
      <p className={styles.because}>
        {visible(problem.message)} {problem.hint && visible(problem.hint)}
      </p>
      <SeenLines lines={areSeveral ? first : withoutSource(first)} label="The first of these rows" />
    </FindingRow>
  );
}

/** If all lines are from one file, its name is redundant. */
function withoutSource(lines: readonly SeenLine[]): readonly SeenLine[] {
  return lines.map(({ source: _, ...line }) => line);
}

const kinds: { readonly [code in ProblemCode]?: string } = {
  'csv/fields': 'Wrong number of fields',
  'csv/quote': 'Broken quotes',
  'csv/nul': 'NUL bytes',
  'csv/encoding': 'Wrong encoding',
  'csv/comment': 'Row or comment',
  'csv/long-line': 'Too long',
  'jsonl/syntax': 'Not JSON',
  'json/syntax': 'Not JSON',
  'jsonl/not-an-object': 'Not an object',
  'jsonl/extra': 'Unknown keys',
  'jsonl/double-key': 'A key twice',
  'jsonl/encoding': 'Wrong encoding',
  'jsonl/long-line': 'Too long',
  'json/long-record': 'Too long',
  'row/no-time': 'No event time',
};
