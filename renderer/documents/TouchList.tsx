import { Fragment, type ReactNode } from 'react';
import type { Pipeline, Touches } from '../../engine/protocol/messages.ts';
import { placeOf, resolvedPath } from '../../model/problems/path-place.ts';
import { describeReach } from '../../model/text/reach.ts';
import { describeReference } from '../../model/text/secret-reference.ts';
import { visible } from '../../model/text/visible-text.ts';
import { titleOf } from '../graph/flow.ts';
import { useSession } from '../session/session.ts';
import './documents.css';

/** Beyond this many of a kind, only their number is shown: nobody reads them, and thousands would slow the page. */
const shownItems = 50;

interface Props {
  /** Null while that is not known yet: then nothing is claimed. */
  readonly touches: Touches | null;
  /** Contains the nodes that `touches` names. */
  readonly pipeline: Pipeline;
  /** The document's; null if it has none yet. */
  readonly path: string | null;
}

/** What nodes would read, write, run, listen on and connect to, and which of that could not be found out. */
export function TouchList({ touches, pipeline, path }: Props) {
  const catalogue = useSession((state) => state.catalogue);
  if (!touches) return <p className="touch-wait">Finding out what it would do…</p>;
  const folder = path === null ? null : path.replace(/[\\/][^\\/]*$/, '');
  const title = (id: string) => titleOf(id, pipeline.nodes[id], catalogue);
  const files = (paths: readonly string[]) => paths.map((each) => <PathName key={each} path={each} folder={folder} />);
  const names = (texts: readonly string[]) => texts.map((text) => <span key={text}>{visible(text)}</span>);
  const isOpen = touches.unknown.length > 0;
  const facts: readonly (readonly [string, readonly ReactNode[], string])[] = [
    ['Reads', files(touches.reads), 'nothing'],
    ['Writes', files(touches.writes), 'nothing'],
    ['Holds code', names(touches.code.map(title)), 'none'],
    ['Listens on', names(touches.listens), 'nothing'],
    ['Reaches', names(touches.reaches.map(describeReach)), 'no other machine'],
    ...(touches.secrets.length > 0 ? [['Sends', names(touches.secrets.map(describeReference)), ''] as const] : []),
  ];
  return (
    <dl className="touch-list">
      {facts.map(([name, items, none]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{items.length > 0 ? listed(items) : isOpen ? 'nothing known' : none}</dd>
        </Fragment>
      ))}
      {isOpen && (
        <>
          <dt className="touch-mark">Not known</dt>
          <dd>{listed(touches.unknown.map(({ node, reason }) => <span key={`${node} ${reason}`}>{`${title(node)}: ${visible(reason)}`}</span>))}</dd>
        </>
      )}
    </dl>
  );
}

function listed(items: readonly ReactNode[]): ReactNode {
  return (
    <>
      {items.slice(0, shownItems)}
      {items.length > shownItems && <span>{`and ${items.length - shownItems} more`}</span>}
    </>
  );
}

const marks = { inside: null, outside: "outside the pipeline's folder", network: 'may contact another machine' } as const;

function PathName({ path, folder }: { readonly path: string; readonly folder: string | null }) {
  const mark = marks[placeOf(path)];
  return (
    <span>
      {visible(resolvedPath(path, folder))}
      {mark && <i className="touch-mark"> ({mark})</i>}
    </span>
  );
}
