import { UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { Problem } from '../../../engine/protocol/messages.ts';
import { visible, visibleJson, visibleLines } from '../../../model/text/visible-text.ts';
import { countText } from '../../format/value-text.ts';
import { session, usePipeline } from '../../session/session.ts';
import styles from '../Panel.module.css';
import { FixButton } from './FixButton.tsx';
import { sentence } from './field-problems.ts';
import { Words } from './Words.tsx';

const shownRowLength = 500;
const icons = { error: IconAlertCircle, warning: IconAlertTriangle, info: IconInfoCircle };

interface ProblemBarProps {
  readonly problems: readonly Problem[];
  readonly shownNode?: string;
  /** The total number, if `problems` are only the first of them. */
  readonly total?: number;
}

/** The first of several problems in one line, with a way to the place of its fix, and to the others. */
export function ProblemBar({ problems, shownNode, total = 0 }: ProblemBarProps) {
  const [isOpen, setOpen] = useState(false);
  const first = problems.find(({ severity }) => severity === 'error') ?? problems[0];
  if (!first) return null;
  const others = problems.filter((problem) => problem !== first);
  const untold = Math.max(0, total - problems.length);
  return (
    <>
      <Line problem={first} shownNode={shownNode} role="alert">
        {others.length > 0 && (
          <UnstyledButton className={styles.link} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Fewer' : `${countText(others.length + untold)} more`}
          </UnstyledButton>
        )}
      </Line>
      {isOpen && others.length > 0 && (
        <section className={styles.problemList} aria-label="More problems">
          {others.map((problem, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: problems of one preview, which do not move.
            <Line key={index} problem={problem} shownNode={shownNode} />
          ))}
          {untold > 0 && (
            <p className={styles.untold}>
              {countText(untold)} further rows failed; only the first {problems.length} problems are kept.
            </p>
          )}
        </section>
      )}
    </>
  );
}

interface LineProps {
  readonly problem: Problem;
  readonly shownNode: string | undefined;
  readonly role?: 'alert';
  readonly children?: ReactNode;
}

function Line({ problem, shownNode, role, children }: LineProps) {
  const pipeline = usePipeline();
  const Icon = icons[problem.severity];
  const { node, field, range, position, row } = problem;
  const elsewhere = node && node !== shownNode && pipeline.nodes[node];
  const place = position && (position.line === undefined ? position.source : `${position.source}, line ${position.line.toLocaleString('en')}`);
  const details = [problem.message, problem.hint, place].flatMap((text) => (text ? [visibleLines(text)] : []));
  if (row) details.push(visibleJson(row, 0).slice(0, shownRowLength));
  return (
    <div className={styles.problem} data-severity={problem.severity} role={role}>
      <Icon size={15} stroke={1.8} aria-label={problem.severity} />
      <span className={styles.problemText} title={details.join('\n')}>
        {elsewhere && <strong>{visible(elsewhere.title ?? node)}: </strong>}
        <Words text={sentence(problem.message)} />
        {place && <span className={styles.hint}> {visible(place)}.</span>}
        {problem.hint && role === 'alert' && (
          <span className={styles.hint}>
            {' '}
            <Words text={problem.hint} />
          </span>
        )}
      </span>
      <FixButton problem={problem} className={styles.link} />
      {node && pipeline.nodes[node] && (elsewhere || field) && (
        <UnstyledButton className={styles.link} onClick={() => session.showField(node, field ?? null, range)}>
          Show
        </UnstyledButton>
      )}
      {children}
    </div>
  );
}
