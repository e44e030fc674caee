import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconShieldQuestion } from '@tabler/icons-react';
import { TouchList } from '../documents/TouchList.tsx';
import { useSession } from '../session/session.ts';
import { showTrusted, trustDocument, trustFolder } from './trust.tsx';
import './trust.css';

/** Above a pipeline from elsewhere: what it would do, and the button that allows it. Until then nothing is read, written or run. */
export function TrustBanner() {
  const trusted = useSession((state) => state.trusted);
  const check = useSession((state) => state.check);
  const pipeline = useSession((state) => state.pipeline);
  const path = useSession((state) => state.path);
  const hasMoved = useSession((state) => state.hasMovedConnections);
  if (trusted) return null;
  return (
    <section className="trust-banner" aria-label="This pipeline is not trusted">
      <IconShieldQuestion size={20} />
      <div>
        <p>
          <b>{hasMoved ? 'Somebody else has changed where this pipeline connects to.' : 'This pipeline comes from elsewhere.'}</b> Millrace does not read,
          preview or run any of it until you trust it. What it would do:
        </p>
        <TouchList touches={check} pipeline={pipeline} path={path} />
      </div>
      <Button.Group>
        <Button disabled={!check} onClick={() => void trustDocument()}>
          Trust this pipeline
        </Button>
        <Menu position="bottom-end" width={290}>
          <Menu.Target>
            <Button disabled={!check} className="trust-more" aria-label="More ways to trust">
              <IconChevronDown size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item disabled={path === null} onClick={() => void trustFolder()}>
              Trust all pipelines in this folder…
            </Menu.Item>
            <Menu.Item onClick={() => void showTrusted()}>Trusted pipelines…</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
    </section>
  );
}
