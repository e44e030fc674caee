import { ActionIcon } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { notify } from '../app/notify.ts';
import { writeClipboard } from '../grid/clipboard.ts';
import styles from './Inspector.module.css';

/** Where programs send rows to, to be copied. */
export function Address({ address }: { readonly address: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const isCopied = copied === address;
  const copy = async () => {
    if (await writeClipboard(address)) setCopied(address);
    else notify('The clipboard cannot be reached. Select the address and copy it from there.', 'error');
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
    </div>
  );
}
