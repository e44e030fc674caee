import { type KeyboardEvent, useRef } from 'react';
import { usePipeline, useSession } from '../session/session.ts';
import { focusCanvas } from '../shell/focus-canvas.ts';
import { useKeptFocus } from '../shell/use-kept-focus.ts';
import styles from './form/Inspector.module.css';
import { NodeInspector } from './NodeInspector.tsx';
import { PipelineInspector } from './PipelineInspector.tsx';
import { SelectionInspector } from './SelectionInspector.tsx';
import { UnknownNode } from './UnknownNode.tsx';

/** The form of the selection; fills its parent. */
export default function Inspector() {
  const { nodes, edges } = useSession((state) => state.selection);
  const only = (nodes.length === 1 ? nodes[0] : null) ?? null;
  const part = useRef<HTMLElement>(null);
  useKeptFocus(part, focusCanvas);
  return (
    <aside ref={part} className={styles.inspector} aria-label="Inspector" onKeyDown={leave}>
      <div className={styles.scroll} key={only ?? 'none'}>
        {only !== null ? <OneNode id={only} /> : nodes.length + edges.length > 1 ? <SelectionInspector /> : <PipelineInspector />}
      </div>
    </aside>
  );
}

/** Escape moves the focus back to the canvas, unless it closes a list or belongs to the code editor. */
function leave(event: KeyboardEvent<HTMLElement>): void {
  const target = event.target as HTMLElement;
  if (event.key !== 'Escape' || event.defaultPrevented || target.closest('.monaco-editor') || target.getAttribute('aria-expanded') === 'true') return;
  focusCanvas();
}

function OneNode({ id }: { readonly id: string }) {
  const node = usePipeline().nodes[id];
  const manifest = useSession((state) => (node ? state.catalogue.get(node.type) : undefined));
  if (!node) return null;
  return manifest ? <NodeInspector key={id} id={id} node={node} manifest={manifest} /> : <UnknownNode key={id} id={id} node={node} />;
}
