import { IconAlertTriangleFilled, IconExclamationCircleFilled, IconInfoCircleFilled, IconNote, IconPlugConnectedX } from '@tabler/icons-react';
import { type NodeProps, useStore } from '@xyflow/react';
import { memo, useRef, useState } from 'react';
import { setNode } from '../../engine/document/edits.ts';
import { errorPort } from '../../engine/document/pipeline.ts';
import type { Problem } from '../../engine/protocol/messages.ts';
import { own } from '../../model/text/own.ts';
import { visible } from '../../model/text/visible-text.ts';
import { handledBy } from '../format/run-counts.ts';
import { counted, formatShort } from '../format/run-text.ts';
import { isFarAway } from '../graph/far.ts';
import { type CardNode, hasPortLines, titleOf } from '../graph/flow.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { endRename, titleLimit, useRename } from '../graph/rename.ts';
import { focusCard } from '../graph/viewport.ts';
import { session, useNodeCheck, useProblems, useSession } from '../session/session.ts';
import { FarCard } from './FarCard.tsx';
import { PortHandles } from './PortHandles.tsx';

/** A node on the canvas: a plain shape if it is too small for more. */
export const NodeCard = memo(function NodeCard(props: NodeProps<CardNode>) {
  const isFar = useStore(isFarAway);
  const isRenaming = useRename((state) => state.node === props.id);
  return isFar && !isRenaming ? <FarCard {...props} /> : <FullCard {...props} />;
});

/** Reads the session by its id and is drawn again only when its own data changed. */
function FullCard({ id, data }: NodeProps<CardNode>) {
  const node = useSession((state) => state.pipeline.nodes[id]);
  const catalogue = useSession((state) => state.catalogue);
  const check = useNodeCheck(id);
  const problems = useProblems(id);
  const isRenaming = useRename((state) => state.node === id);
  const { ports } = data;
  if (!node) return null;

  const manifest = catalogue.get(node.type);
  const isKnown = manifest !== undefined || catalogue.size === 0;
  const title = titleOf(id, node, catalogue);
  const line = visible(isKnown ? check?.card || manifest?.summary || '' : `Unknown type “${node.type}”`);
  const withNames = hasPortLines(ports);
  const worst = problems[0]?.severity;

  return (
    <div className="card" data-node-id={id} data-kind={manifest?.kind ?? 'unknown'} data-unknown={isKnown ? undefined : true} data-problem={worst}>
      <div className="card-head">
        <NodeIcon icon={manifest?.icon ?? 'puzzle'} kind={manifest?.kind ?? null} />
        <div className="card-text">
          {isRenaming ? <TitleInput id={id} title={node.title ?? title} /> : <div className="card-title">{title}</div>}
          <div className="card-line" title={line}>
            {line || ' '}
          </div>
        </div>
        {node.note && (
          <span className="card-note" title={node.note}>
            <IconNote size={14} aria-label="Has a note" />
          </span>
        )}
        {problems.length > 0 && <ProblemBadge problems={problems} node={id} />}
      </div>
      {withNames && (
        <div className="card-ports">
          <div>
            {ports.inputs.map((port) => (
              <span key={port.name}>{port.label}</span>
            ))}
          </div>
          <div>
            {ports.outputs.map((port) => (
              <span key={port.name} data-error={port.name === errorPort || undefined}>
                {port.label}
              </span>
            ))}
          </div>
        </div>
      )}
      <Counters id={id} />
      <PortHandles node={id} ports={ports} />
    </div>
  );
}

const badges = { error: IconExclamationCircleFilled, warning: IconAlertTriangleFilled, info: IconInfoCircleFilled } as const;

function ProblemBadge({ problems, node }: { readonly problems: readonly Problem[]; readonly node: string }) {
  const [first] = problems;
  const Icon = badges[first?.severity ?? 'info'];
  return (
    <button
      type="button"
      className="card-badge nodrag"
      data-severity={first?.severity}
      aria-label={`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}: ${first?.message}`}
      onClick={(event) => {
        event.stopPropagation();
        session.showField(node, first?.field ?? null, first?.range);
      }}
    >
      <Icon size={first?.severity === 'warning' ? 15 : 16} />
    </button>
  );
}

/** Rows so far and progress, during and after a run. */
function Counters({ id }: { readonly id: string }) {
  const stats = useSession((state) => own(state.run?.stats ?? {}, id));
  const isLive = useSession((state) => state.run !== null && state.run.endedAt === null);
  const isStale = useSession((state) => state.runStale);
  if (!stats) return null;
  const { rows, rate, isTaken } = handledBy(stats);
  const progress = stats.progress?.total ? Math.min(1, stats.progress.done / stats.progress.total) : null;
  const waits = isLive && stats.waits !== undefined ? visible(stats.waits) : null;
  const words = [
    `${counted(rows, 'row')} ${isTaken ? 'received' : 'sent'}`,
    ...(stats.late > 0 ? [`${counted(stats.late, 'row')} sent as late`] : []),
    ...(stats.failed > 0 ? [`${counted(stats.failed, 'row')} failed`] : []),
    ...(isLive ? [`${counted(rate, 'row')} per second ${isTaken ? 'received' : 'sent'}`] : []),
    ...(waits === null ? [] : [waits]),
  ];
  return (
    <div className="card-counters" data-stale={isStale || undefined} title={words.join('\n')}>
      <span>
        {formatShort(rows)} {rows === 1 ? 'row' : 'rows'}
      </span>
      {stats.failed > 0 && <span className="card-failed">{formatShort(stats.failed)} failed</span>}
      {stats.late > 0 && <span className="card-late">{formatShort(stats.late)} late</span>}
      {waits !== null && (
        <span className="card-waits">
          <IconPlugConnectedX size={13} aria-hidden /> {waits}
        </span>
      )}
      {isLive && rate > 0 && waits === null && <span className="card-rate">{formatShort(rate)}/s</span>}
      {isLive && progress !== null && <progress value={progress} max={1} aria-label={`${Math.round(progress * 100)} % read`} />}
    </div>
  );
}

/** The title during typing, kept with each key, so that whatever comes next, including saving, has all of it. */
function TitleInput({ id, title }: { readonly id: string; readonly title: string }) {
  const [before] = useState(() => session.state.pipeline.nodes[id]?.title ?? '');
  const [shown] = useState(title);
  const [text, setText] = useState(title);
  // Removing the field blurs it, which must not count as a second answer.
  const finished = useRef(false);
  const keep = (value: string) => session.edit(`Rename “${shown}”`, (pipeline) => setNode(pipeline, id, { title: value.trim() }), { merge: `rename:${id}` });
  const finish = (isKept: boolean) => {
    if (finished.current) return;
    finished.current = true;
    if (!isKept && text !== shown) keep(before);
    session.seal();
    endRename();
    focusCard(id);
  };
  return (
    <input
      className="card-input nodrag nopan"
      aria-label="Title"
      value={text}
      maxLength={titleLimit}
      // biome-ignore lint/a11y/noAutofocus: the user asked to type here.
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => {
        setText(event.currentTarget.value);
        keep(event.currentTarget.value);
      }}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') finish(true);
        else if (event.key === 'Escape') finish(false);
        else return;
        event.stopPropagation();
      }}
    />
  );
}
