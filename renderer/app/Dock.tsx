import { ActionIcon, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Suspense, useRef } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { type DockTab, session, useSelectedNode, useSession } from '../session/session.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { Slot } from '../shell/slots.tsx';
import { useKeptFocus } from '../shell/use-kept-focus.ts';

const tabs: readonly [DockTab, string][] = [
  ['data', 'Data'],
  ['problems', 'Problems'],
  ['run', 'Run'],
  ['results', 'Results'],
];

const severities = ['error', 'warning', 'info'] as const;

function focusTab(): void {
  document.getElementById(`tab-${session.state.dockTab}`)?.focus();
}

/** The panel under the canvas. */
export function Dock() {
  const tab = useSession((state) => state.dockTab);
  const problems = useSession((state) => state.problems.length);
  const worst = useSession((state) => severities.find((severity) => state.problems.some((problem) => problem.severity === severity)));
  const moveTab = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = tabs[tabs.findIndex(([name]) => name === tab) + step]?.[0];
    if (!step || !next) return;
    session.showDock(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  const part = useRef<HTMLElement>(null);
  useKeptFocus(part, focusTab);
  return (
    <section ref={part} className="dock" aria-label="Bottom panel">
      <div className="dock-tabs">
        <div role="tablist" aria-label="Views" onKeyDown={moveTab}>
          {tabs.map(([name, label]) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={tab === name}
              aria-controls="dock-body"
              tabIndex={tab === name ? 0 : -1}
              onClick={() => session.showDock(name)}
            >
              {label}
              {name === 'problems' && problems > 0 && (
                <span className="dock-count" data-severity={worst}>
                  {problems}
                </span>
              )}
            </button>
          ))}
        </div>
        <Tooltip label="Hide the panel (Ctrl+J)">
          <ActionIcon className="dock-close" aria-label="Hide the panel" onClick={() => session.set('dock', false)}>
            <IconX size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className="dock-body" id="dock-body" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <ErrorBoundary area="panel" key={tab}>
          <Suspense fallback={null}>{tab === 'data' ? <DataTab /> : <Slot name={tab} />}</Suspense>
        </ErrorBoundary>
      </div>
    </section>
  );
}

/** The rows at the selection, with the node's code beside them if it has any, so that both are visible while typing. */
function DataTab() {
  const node = useSelectedNode();
  const hasCode = useSession((state) => {
    const manifest = node ? state.catalogue.get(state.pipeline.nodes[node]?.type ?? '') : undefined;
    return manifest !== undefined && Object.values(manifest.params).some((field) => field.kind === 'code');
  });
  if (!hasCode) return <Slot name="data" />;
  return (
    <Group orientation="horizontal" id="code-and-data">
      <Panel id="code" defaultSize="50%" minSize="160px">
        <Slot name="code" />
      </Panel>
      <Separator className="separator" aria-label="Resize the code" />
      <Panel id="rows" minSize="160px">
        <Slot name="data" />
      </Panel>
    </Group>
  );
}
