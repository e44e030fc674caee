import { Menu } from '@mantine/core';
import type { Position } from '../../engine/document/pipeline.ts';
import { session } from '../session/session.ts';
import { CommandMenuItems } from '../shell/commands/CommandMenuItems.tsx';
import { contextMenus } from '../shell/commands/menus.ts';

export interface MenuTarget {
  readonly at: Position;
  readonly node?: string;
  readonly edge?: string;
}

/** What a right click on the canvas opens. */
export function CanvasMenu({ target, onClose }: { readonly target: MenuTarget; readonly onClose: () => void }) {
  const several = session.state.selection.nodes.length > 1;
  const kind = several ? 'nodes' : target.node ? 'node' : target.edge ? 'edge' : 'canvas';
  return (
    <Menu opened onClose={onClose} position="bottom-start" offset={0} width={230} trapFocus returnFocus>
      <Menu.Target>
        <button type="button" className="menu-anchor" tabIndex={-1} aria-label="Context menu" style={{ left: target.at.x, top: target.at.y }} />
      </Menu.Target>
      <Menu.Dropdown aria-label="Context menu">
        <CommandMenuItems entries={contextMenus[kind]} />
      </Menu.Dropdown>
    </Menu>
  );
}
