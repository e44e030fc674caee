import { Tooltip } from '@mantine/core';
import { IconArrowNarrowDown, IconArrowNarrowUp } from '@tabler/icons-react';
import { useLayoutEffect, useMemo, useRef } from 'react';
import { runNodeOf } from '../../engine/document/pipeline.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { besideDocument, titleOf } from '../graph/flow.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { revealNode } from '../graph/viewport.ts';
import { isRunning } from '../session/run-state.ts';
import { session, useSession } from '../session/session.ts';
import { type NodeRow, type RunColumn, runColumns } from './run-columns.tsx';
import { nextSort, type Sort, sorted, sortOf } from './sort.ts';

/** Every node's counters, in the pipeline's order or sorted by a column. A column without any value is not shown. */
export function RunTable({ run }: { readonly run: RunSummary }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const sort = sortOf(useSession((state) => state.settings['runSort']));
  const isLive = isRunning(run);
  const title = (id: string) => titleOf(id, pipeline.nodes[id], catalogue);
  const all = Object.values(run.stats);
  const columns = runColumns.filter(({ isShown }) => !isShown || isShown(all));
  const seconds = ((run.endedAt ?? Date.now()) - run.startedAt) / 1000;
  const rows = Object.entries(run.stats).map(([id, stats]): NodeRow => ({ id, title: title(id), stats, isLive, seconds, titleOf: title }));
  // Figures change ten times a second: click targets must not move as often.
  const moment = isLive ? Math.floor(Date.now() / reorderMs) : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  const order = useMemo(() => sorted(rows, sort).map(({ id }) => id), [sort.column, sort.isDown, rows.length, run.id, moment]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const checked = useSession((state) => state.check?.nodes);
  const isShared = (title: string) => rows.filter((row) => row.title === title).length > 1;
  return (
    <table className="run-table" aria-label="Counters by node">
      <thead>
        <tr>
          <Heading name="node" label="Node" help="The nodes of the pipeline. A click shows one on the canvas." sort={sort} />
          {columns.map(({ name, label, help, isLeft }) => (
            <Heading key={name} name={name} label={label(isLive)} help={help} sort={sort} isLeft={isLeft} />
          ))}
        </tr>
      </thead>
      <tbody>
        {order.map((id) => {
          const row = byId.get(id);
          if (!row) return null;
          const manifest = pipeline.nodes[id] ? catalogue.get(pipeline.nodes[id].type) : besideDocument.get(runNodeOf(id) ?? '');
          // Nodes of the same name are distinguished by the text of their cards.
          const detail = isShared(row.title) ? visible(checked?.[id]?.card ?? '') : '';
          return (
            <tr key={id} data-node-id={id} onClick={() => revealNode(id)}>
              <td>
                <button type="button" className="run-node" title={detail ? `${row.title}: ${detail}` : row.title}>
                  <NodeIcon icon={manifest?.icon ?? 'puzzle'} kind={manifest?.kind ?? null} />
                  <span>
                    {row.title}
                    {detail && <small className="run-note"> {detail}</small>}
                  </span>
                </button>
              </td>
              {columns.map((column) => (
                <Cell key={column.name} column={column} row={row} />
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const reorderMs = 2000;

function Cell({ column, row }: { readonly column: RunColumn; readonly row: NodeRow }) {
  const classes = [column.tone?.(row), column.isLeft && 'wide'].filter(Boolean).join(' ');
  return (
    <td className={classes || undefined} title={column.details?.(row)}>
      {column.cell(row)}
    </td>
  );
}

interface HeadingProps {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly sort: Sort;
  readonly isLeft?: boolean;
}

/** Sorts by its column: largest first, smallest first, then in the pipeline's order again. */
function Heading({ name, label, help, sort, isLeft = false }: HeadingProps) {
  const isSorted = sort.column === name;
  const Arrow = sort.isDown ? IconArrowNarrowDown : IconArrowNarrowUp;
  const button = useRef<HTMLButtonElement>(null);
  // Growing figures make columns wider: the focused heading stays in view.
  useLayoutEffect(() => {
    if (button.current && button.current === document.activeElement) showColumn(button.current);
  });
  return (
    <th className={isLeft ? 'wide' : undefined} aria-sort={isSorted ? (sort.isDown ? 'descending' : 'ascending') : undefined}>
      <Tooltip label={help} position="top" events={{ hover: true, focus: true, touch: false }}>
        <button
          ref={button}
          type="button"
          onFocus={({ currentTarget }) => showColumn(currentTarget)}
          onClick={() => session.set('runSort', nextSort(sort, name))}
        >
          {label}
          {isSorted && <Arrow size={13} aria-hidden />}
        </button>
      </Tooltip>
    </th>
  );
}

/** Scrolls the focused heading into view, beside the names: browsers do not account for sticky elements. */
function showColumn(focused: HTMLElement): void {
  const heading = focused.closest('th');
  const names = heading?.parentElement?.firstElementChild;
  const view = heading?.closest('.run-body');
  if (!heading || !view || !names || heading === names) return;
  const left = heading.offsetLeft - names.clientWidth;
  const right = heading.offsetLeft + heading.offsetWidth - view.clientWidth;
  view.scrollLeft = Math.min(left, Math.max(right, view.scrollLeft));
}
