import type { PipelineNode } from '../../engine/document/pipeline.ts';
import { visible } from '../../model/text/visible-text.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { useProblems } from '../session/session.ts';
import styles from './form/Inspector.module.css';
import { ProblemLines } from './form/ProblemLines.tsx';

/** A node whose type the catalogue lacks: shown as it is in the file, and kept unchanged. */
export function UnknownNode({ id, node }: { readonly id: string; readonly node: PipelineNode }) {
  const problems = useProblems(id);
  return (
    <>
      <header className={styles.header}>
        <NodeIcon icon="" kind={null} />
        <div className={styles.headerText}>
          <div className={styles.title}>{visible(node.title ?? id)}</div>
          <div className={styles.identity}>
            <span>Unknown type “{visible(node.type)}”</span>
            <code>{id}</code>
          </div>
        </div>
      </header>
      <div className={styles.content}>
        <ProblemLines problems={problems} />
        <div className={styles.help}>This version of Millrace has no such node. Its settings are kept unchanged, and nodes downstream of it do not run.</div>
        <pre className={styles.json}>{JSON.stringify(node, null, 2)}</pre>
      </div>
    </>
  );
}
