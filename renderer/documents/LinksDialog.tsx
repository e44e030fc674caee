import { Button, Modal } from '@mantine/core';
import type { LinkedPath, Touches } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { session } from '../session/session.ts';
import { showDialog } from '../shell/dialogs.tsx';
import './documents.css';

/** More are counted. */
const shownLinks = 20;

/**
 * For paths that the user has agreed to be read and written: asks again about those that links lead elsewhere, which their names do not
 * show. False if the user did not agree. Rejects if it cannot be found out.
 */
export async function confirmLinks({ reads, writes }: Pick<Touches, 'reads' | 'writes'>): Promise<boolean> {
  const paths = [...new Set([...writes, ...reads])];
  const links = await session.request('document.links', { documentId: session.state.documentId ?? '', paths });
  if (links.length === 0) return true;
  return (await showDialog<true>((close) => <LinksDialog links={links} writes={writes} onClose={close} />)) === true;
}

interface Props {
  readonly links: readonly LinkedPath[];
  readonly writes: readonly string[];
  readonly onClose: (isAgreed: true | null) => void;
}

function LinksDialog({ links, writes, onClose }: Props) {
  return (
    <Modal opened onClose={() => onClose(null)} title="Links lead elsewhere" size={620}>
      <p className="dialog-text">This pipeline names paths that are links, or lie below links. What it would really use:</p>
      <dl className="link-list">
        {links.slice(0, shownLinks).map(({ path, real }) => (
          <div key={path}>
            <dt>
              {writes.includes(path) ? 'Writes' : 'Reads'} <code>{visible(path)}</code>
            </dt>
            <dd>
              which is <code className="touch-mark">{visible(real)}</code>
            </dd>
          </div>
        ))}
      </dl>
      {links.length > shownLinks && <p className="dialog-text">{`And ${links.length - shownLinks} more.`}</p>}
      <div className="dialog-buttons">
        <Button variant="default" data-autofocus onClick={() => onClose(null)}>
          Cancel
        </Button>
        <Button onClick={() => onClose(true)}>Trust it</Button>
      </div>
    </Modal>
  );
}
