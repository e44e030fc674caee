import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { session, useSession } from '../session/session.ts';
import styles from './form/Inspector.module.css';

/** A part of the inspector that can be folded; whether it is open is remembered under `name` for all nodes. */
export function Section({
  name,
  title,
  detail,
  children,
}: {
  readonly name: string;
  readonly title: string;
  readonly detail?: string;
  readonly children: ReactNode;
}) {
  const key = `inspector.${name}`;
  const open = useSession((state) => state.settings[key] === true);
  return (
    <section className={styles.section}>
      <UnstyledButton className={styles.sectionHead} aria-expanded={open} onClick={() => session.set(key, !open)}>
        <IconChevronRight size={13} data-open={open || undefined} />
        {title}
        {detail && <span className={styles.sectionDetail}>{detail}</span>}
      </UnstyledButton>
      {open && <div className={styles.sectionBody}>{children}</div>}
    </section>
  );
}
