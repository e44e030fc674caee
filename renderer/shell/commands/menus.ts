/** Which commands are in which menus, by name. */

export interface Menu {
  readonly label: string;
  /** Names of commands in order; null is a divider. */
  readonly entries: readonly (string | null)[];
}

export const menus: readonly Menu[] = [
  {
    label: 'File',
    entries: ['file.new', 'file.open', 'file.recent', 'file.start', 'file.examples', null, 'file.save', 'file.saveAs', null, 'file.trusted', 'file.properties'],
  },
  {
    label: 'Edit',
    entries: [
      'edit.undo',
      'edit.redo',
      null,
      'edit.cut',
      'edit.copy',
      'edit.paste',
      'edit.duplicate',
      'edit.delete',
      'edit.selectAll',
      null,
      'edit.rename',
      'insert.node',
      null,
      'arrange.layout',
      'arrange.left',
      'arrange.top',
      'arrange.middle',
      'arrange.row',
      'arrange.column',
    ],
  },
  {
    label: 'View',
    entries: [
      'help.commands',
      'view.search',
      null,
      'view.palette',
      'view.inspector',
      'view.dock',
      'view.minimap',
      'view.snap',
      'view.timeZone',
      'view.connections',
      null,
      'view.data',
      'view.problems',
      'view.run',
      'view.results',
      null,
      'view.zoomIn',
      'view.zoomOut',
      'view.zoomActual',
      'view.fit',
      null,
      'theme.system',
      'theme.light',
      'theme.dark',
    ],
  },
  {
    label: 'Run',
    entries: ['run.start', 'run.stop', 'run.pause', null, 'run.drain', 'run.cancel', 'run.checkpoint', null, 'run.plan', 'view.run', 'view.problems'],
  },
  { label: 'Help', entries: ['help.commands', 'help.shortcuts', 'file.examples', null, 'help.about'] },
];
/** The commands of context menus, by what was clicked. */
export const contextMenus = {
  node: ['edit.inspect', 'edit.rename', null, 'edit.cut', 'edit.copy', 'edit.duplicate', 'edit.delete', null, 'insert.node'],
  nodes: ['edit.cut', 'edit.copy', 'edit.duplicate', 'edit.delete', null, 'arrange.left', 'arrange.top', 'arrange.middle', 'arrange.row', 'arrange.column'],
  edge: ['insert.node', 'view.data', null, 'edit.delete'],
  canvas: ['insert.node', 'edit.paste', 'edit.selectAll', null, 'arrange.layout', 'view.fit', 'view.minimap', null, 'file.properties'],
} as const satisfies { readonly [kind: string]: Menu['entries'] };
