import { Button } from '@mantine/core';
import { IconShieldQuestion } from '@tabler/icons-react';
import { Fragment } from 'react';
import { notifyError } from '../app/notify.ts';
import { titleOf } from '../canvas/flow.ts';
import { useSession } from '../session/session.ts';
import { trustDocument } from './documents.tsx';
import './files.css';

/** Above a pipeline from elsewhere: what it would do, and the button that lets it. Until then nothing is read, written or run. */
export function TrustBanner() {
  const trusted = useSession((state) => state.trusted);
  const check = useSession((state) => state.check);
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  if (trusted) return null;
  const code = check?.code.map((id) => titleOf(id, pipeline.nodes[id], catalogue)) ?? [];
  const facts = [
    ['Reads', check?.reads.join(', ') || 'nothing'],
    ['Writes', check?.writes.join(', ') || 'nothing'],
    ['Holds code', code.join(', ') || 'none'],
  ] as const;
  return (
    <section className="trust-banner" aria-label="This pipeline is not trusted">
      <IconShieldQuestion size={20} />
      <div>
        <p>
          <b>This pipeline comes from elsewhere.</b> Nothing of it is read, previewed or run until you trust it. What it would do:
        </p>
        <dl>
          {facts.map(([name, what]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{what}</dd>
            </Fragment>
          ))}
        </dl>
      </div>
      <Button onClick={() => trustDocument().catch((error) => notifyError(error, 'The pipeline could not be trusted'))}>Trust this pipeline</Button>
    </section>
  );
}
