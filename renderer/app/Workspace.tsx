import { type ReactNode, Suspense } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { session, useSession } from '../session/session.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { Slot } from '../shell/slots.tsx';
import { Dock } from './Dock.tsx';

/** The start page, until something is begun; then the palette, the canvas above the dock, and the inspector. */
export function Workspace() {
  const isStart = useSession((state) => state.isStart && Object.keys(state.pipeline.nodes).length === 0);
  return isStart ? <Slot name="start" /> : <Panels />;
}

/** Each may be hidden, and sizes are remembered. */
function Panels() {
  const showPalette = useSession((state) => state.settings.palette);
  const showInspector = useSession((state) => state.settings.inspector);
  const showDock = useSession((state) => state.settings.dock);
  const isLoaded = useSession((state) => state.hello !== null);
  const opened = useSession((state) => state.opened);
  return (
    // Stored sizes arrive with the engine; the groups apply them when they are created again.
    <Remembered key={`main ${isLoaded}`} group="main" orientation="horizontal" panels={['palette', 'centre', 'inspector']}>
      {showPalette && (
        <>
          <Panel id="palette" defaultSize="218px" minSize="160px" maxSize="420px" groupResizeBehavior="preserve-pixel-size">
            <ErrorBoundary area="palette">
              <Slot name="palette" />
            </ErrorBoundary>
          </Panel>
          <Separator className="separator" aria-label="Resize the palette" />
        </>
      )}
      <Panel id="centre" minSize="240px">
        <Remembered group="centre" orientation="vertical" panels={['canvas', 'dock']}>
          <Panel id="canvas" minSize="120px">
            <ErrorBoundary area="canvas">
              <Slot name="canvas" />
            </ErrorBoundary>
          </Panel>
          {showDock && (
            <>
              <Separator className="separator" aria-label="Resize the bottom panel" />
              <Panel id="dock" defaultSize="36%" minSize="96px">
                <ErrorBoundary area="bottom panel">
                  <Dock key={opened} />
                </ErrorBoundary>
              </Panel>
            </>
          )}
        </Remembered>
      </Panel>
      {showInspector && (
        <>
          <Separator className="separator" aria-label="Resize the inspector" />
          <Panel id="inspector" defaultSize="300px" minSize="220px" maxSize="620px" groupResizeBehavior="preserve-pixel-size">
            <ErrorBoundary area="inspector">
              <Suspense fallback={null}>
                <Slot name="inspector" key={opened} />
              </Suspense>
            </ErrorBoundary>
          </Panel>
        </>
      )}
    </Remembered>
  );
}

interface RememberedProps {
  readonly group: string;
  readonly orientation: 'horizontal' | 'vertical';
  readonly panels: readonly string[];
  readonly children: ReactNode;
}

/** A group of panels whose sizes are remembered, one layout for each set of panels that is shown. */
function Remembered({ group, orientation, panels, children }: RememberedProps) {
  const settings = useSession.getState().settings;
  const shown = panels.filter((panel) => settings[panel] !== false);
  const key = `${group}:${shown.join('+')}`;
  const known = settings.layouts[key];
  return (
    <Group
      id={group}
      className={`group-${group}`}
      // A focus can scroll content that is only hidden out of place.
      style={{ overflow: 'clip' }}
      orientation={orientation}
      defaultLayout={known}
      onLayoutChanged={(layout) => {
        const { layouts } = session.state.settings;
        const now = panels.filter((panel) => panel in layout);
        session.set('layouts', { ...layouts, [`${group}:${now.join('+')}`]: layout });
      }}
    >
      {children}
    </Group>
  );
}
