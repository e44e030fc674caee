import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { own } from '../../model/text/own.ts';
import { visible } from '../../model/text/visible-text.ts';
import { counted, formatCount } from '../format/run-text.ts';
import { portsOf } from '../graph/flow.ts';
import { session, useSession } from '../session/session.ts';
import { sentence } from '../shell/problems/field-problems.ts';
import { Words } from '../shell/problems/Words.tsx';

const delayMs = 280;
const maxColumns = 14;

interface Tip {
  readonly node: string;
  /** Null for the node's problems. */
  readonly port: string | null;
  readonly isInput: boolean;
  readonly box: DOMRect;
}

/** One tooltip for all ports and badges of the canvas: hundreds of tooltip components would slow it down. */
export function HoverTip({ canvas }: { readonly canvas: HTMLElement | null }) {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    if (!canvas) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current: Element | null = null;
    const over = (event: Event) => {
      const target = event.target instanceof Element ? event.target.closest('.react-flow__handle[data-port], .card-badge') : null;
      if (target === current) return;
      current = target;
      clearTimeout(timer);
      setTip(null);
      const node = target?.closest<HTMLElement>('.react-flow__node')?.dataset['id'];
      if (!target || !node) return;
      const { port = null, side } = (target as HTMLElement).dataset;
      timer = setTimeout(() => setTip({ node, port, isInput: side === 'in', box: target.getBoundingClientRect() }), delayMs);
    };
    const hide = () => {
      clearTimeout(timer);
      current = null;
      setTip(null);
    };
    canvas.addEventListener('pointerover', over);
    canvas.addEventListener('focusin', over);
    for (const name of ['pointerdown', 'wheel', 'pointerleave', 'focusout'] as const) canvas.addEventListener(name, hide, { passive: true });
    return () => {
      hide();
      canvas.removeEventListener('pointerover', over);
      canvas.removeEventListener('focusin', over);
      for (const name of ['pointerdown', 'wheel', 'pointerleave', 'focusout'] as const) canvas.removeEventListener(name, hide);
    };
  }, [canvas]);
  if (!tip) return null;
  const { box } = tip;
  const toLeft = tip.isInput ? box.left > 240 : window.innerWidth - box.right < 300;
  const style = { top: Math.min(box.top - 6, window.innerHeight - 240), ...(toLeft ? { right: window.innerWidth - box.left + 8 } : { left: box.right + 8 }) };
  return createPortal(
    <div className="hover-tip" role="tooltip" style={style}>
      {tip.port === null ? <ProblemTip node={tip.node} /> : <PortTip node={tip.node} port={tip.port} isInput={tip.isInput} />}
    </div>,
    document.body,
  );
}

function PortTip({ node, port, isInput }: Omit<Tip, 'box'>) {
  const { pipeline, catalogue, check } = session.state;
  const side = isInput ? 'inputs' : 'outputs';
  const manifest = portsOf(pipeline, node, catalogue)[side].find((candidate) => candidate.name === port);
  const schema = own(check?.nodes ?? {}, node)?.[side].find((candidate) => candidate.name === port)?.schema;
  const rest = (schema?.columns.length ?? 0) - maxColumns;
  const stats = useSession(({ run }) => (isInput ? undefined : own(run?.stats ?? {}, node)));
  const isLive = useSession(({ run }) => run?.endedAt === null);
  const rows = stats?.out[port ?? ''];
  return (
    <>
      <header>
        {isInput ? 'Input' : 'Output'} <b>{manifest?.label ?? port}</b>
        {isInput && manifest?.many && <i> takes several edges</i>}
        {isInput && manifest?.optional && <i> optional</i>}
      </header>
      {schema ? (
        <table>
          <tbody>
            {schema.columns.slice(0, maxColumns).map((column) => (
              <tr key={column.name}>
                <td>{visible(column.name)}</td>
                <td>{column.type}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p>{isInput ? 'Nothing arrives here yet: drag an edge to it.' : 'Its columns are not known yet.'}</p>
      )}
      {rest > 0 && <p>and {rest} more columns</p>}
      {rows !== undefined && (
        <p>
          {counted(rows, 'row')} in this run{isLive && `, ${formatCount(stats?.outRate?.[port ?? ''] ?? 0)} a second`}
        </p>
      )}
    </>
  );
}

function ProblemTip({ node }: { readonly node: string }) {
  const problems = own(session.state.problemsByNode, node) ?? [];
  return (
    <ul>
      {problems.slice(0, 5).map((problem) => (
        <li key={`${problem.code} ${problem.field} ${problem.message}`} data-severity={problem.severity}>
          <Words text={sentence(problem.message)} />{' '}
          {problem.hint && (
            <span>
              <Words text={problem.hint} />
            </span>
          )}
        </li>
      ))}
      {problems.length > 5 && <li>and {problems.length - 5} more</li>}
    </ul>
  );
}
