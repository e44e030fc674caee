import { ActionIcon, Button } from '@mantine/core';
import { IconCheck, IconCopy, IconEar } from '@tabler/icons-react';
import { useState } from 'react';
import { writeClipboard } from '../grid/clipboard.ts';
import { useSession } from '../session/session.ts';
import { notify } from '../shell/notify.ts';
import styles from './form/Inspector.module.css';
import { learnFromSample } from './ListenDialog.tsx';

/** The address to which programs send rows, with a copy button; and a way to learn the columns from what they send. */
export function Address({ node, address }: { readonly node: string; readonly address: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const trusted = useSession((state) => state.trusted);
  const isCopied = copied === address;
  const copy = async () => {
    if (await writeClipboard(address)) setCopied(address);
    else notify('The clipboard cannot be accessed. Select the address and copy it from there.', 'error');
  };
  return (
    <div className={styles.field}>
      <div className={styles.label}>Send rows to</div>
      <div className={styles.address}>
        <code>{address}</code>
        <ActionIcon size={22} aria-label={isCopied ? 'Address copied' : 'Copy address'} title={isCopied ? 'Copied' : 'Copy'} onClick={copy}>
          {isCopied ? <IconCheck size={14} /> : <IconCopy size={14} stroke={1.6} />}
        </ActionIcon>
      </div>
      <div className={styles.help}>By POST, while the pipeline runs.</div>
      <Button
        variant="default"
        size="xs"
        disabled={!trusted}
        title={trusted ? 'Takes the columns from the first request that arrives' : 'Trust this pipeline before it can listen'}
        leftSection={<IconEar size={14} stroke={1.6} />}
        onClick={() => void learnFromSample(node, address)}
      >
        Listen for a sample
      </Button>
    </div>
  );
}
