import { Button, CloseButton, Modal } from '@mantine/core';
import { IconFileText, IconFolder } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { TrustedPlace } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatWhen } from '../format/run-text.ts';
import { session, useSession } from '../session/session.ts';
import { notify, notifyError } from '../shell/notify.ts';
import '../documents/documents.css';

const words = {
  file: {
    unchanged: 'trusted as it is',
    changed: 'changed since: Millrace will ask again',
    missing: 'no longer there',
    unknown: 'cannot be read',
  },
  folder: {
    unchanged: 'all pipelines in it, including those added or changed later',
    changed: 'no longer a folder, or a link now: pipelines in it are not trusted',
    missing: 'no longer there',
    unknown: 'cannot be accessed',
  },
} as const;

/** What is trusted, with a way to revoke it. */
interface Props {
  readonly onClose: () => void;
  /** Closes, and asks whether to trust the folder of the document. */
  readonly onTrustFolder: () => void;
}

export function TrustedDialog({ onClose, onTrustFolder }: Props) {
  const [places, setPlaces] = useState<readonly TrustedPlace[] | null>(null);
  const path = useSession((state) => state.path);
  useEffect(() => {
    session.request('trust.list', {}).then(setPlaces, (error) => {
      setPlaces([]);
      notifyError(error, 'The list of trusted pipelines could not be read');
    });
  }, []);
  const remove = async (removed: readonly TrustedPlace[]) => {
    try {
      const all = removed.length === places?.length;
      const { running } = await session.request('trust.remove', all ? {} : { places: removed.map((each) => ({ kind: each.kind, path: each.path })) });
      setPlaces((before) => before?.filter((each) => !removed.includes(each)) ?? null);
      if (running.length > 0) {
        const names = running.map((name) => `“${name}”`).join(', ');
        notify(`Runs that were started before continue: ${names}. Stop them in the Run panel of their pipelines.`, 'warning');
      }
    } catch (error) {
      notifyError(error, 'Trust could not be removed');
    }
  };
  return (
    <Modal opened onClose={onClose} title="Trusted pipelines" size={680}>
      <p className="dialog-text dim">
        Pipelines that you made or trusted here may read, write and run. Millrace asks again about those that you remove from this list.
      </p>
      {places?.length === 0 && <p className="dialog-text">Nothing is trusted yet.</p>}
      <ul className="file-rows" aria-label="Trusted pipelines">
        {places?.map((place) => (
          <li key={`${place.kind} ${place.path}`} data-state={place.state}>
            {place.kind === 'folder' ? <IconFolder size={18} aria-label="Folder" /> : <IconFileText size={18} aria-label="File" />}
            <span className="file-row-text">
              <b className="trusted-path">{visible(place.path)}</b>
              <span>{words[place.kind][place.state]}</span>
            </span>
            <span className="file-row-when">{formatWhen(place.grantedAt)}</span>
            <CloseButton size="sm" aria-label={`Remove ${visible(place.path)}`} onClick={() => void remove([place])} />
          </li>
        ))}
      </ul>
      <div className="dialog-buttons">
        <Button
          variant="subtle"
          disabled={path === null}
          onClick={() => {
            onTrustFolder();
          }}
        >
          Trust the folder of this pipeline…
        </Button>
        <Button variant="subtle" color="red" disabled={!places?.length} onClick={() => places && void remove(places)}>
          Remove all
        </Button>
        <Button data-autofocus onClick={onClose}>
          Close
        </Button>
      </div>
    </Modal>
  );
}
