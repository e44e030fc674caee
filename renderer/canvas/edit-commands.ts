import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconBoxMultiple,
  IconClipboard,
  IconCopy,
  IconCut,
  IconLayoutAlignCenter,
  IconLayoutAlignLeft,
  IconLayoutAlignTop,
  IconLayoutDistributeHorizontal,
  IconLayoutDistributeVertical,
  IconPencil,
  IconPlus,
  IconSitemap,
  IconTrash,
} from '@tabler/icons-react';
import { visible } from '../../model/text/visible-text.ts';
import { openQuickAdd } from '../graph/quick-add.ts';
import { isShown } from '../session/fields.ts';
import { type SessionState, session } from '../session/session.ts';
import type { Command } from '../shell/commands/command.ts';
import { type Alignment, alignNodes } from './align.ts';
import { layOutPipeline } from './auto-layout.ts';
import { copySelection, cutSelection, pasteFromClipboard } from './clipboard.tsx';
import { deleteSelection, duplicateSelection, moveSelection, nudge, renameSelection } from './selection.ts';

const hasNodes = (state: SessionState) => state.selection.nodes.length > 0;
const hasAny = (state: SessionState) => hasNodes(state) || state.selection.edges.length > 0;
const oneNode = (state: SessionState) => state.selection.nodes.length === 1;
const several = (state: SessionState) => state.selection.nodes.length > 1;

const aligned: readonly [Alignment, string, Command['icon']][] = [
  ['left', 'Align left edges', IconLayoutAlignLeft],
  ['top', 'Align top edges', IconLayoutAlignTop],
  ['column', 'Distribute vertically', IconLayoutDistributeVertical],
  ['row', 'Distribute horizontally', IconLayoutDistributeHorizontal],
  ['middle', 'Align middles', IconLayoutAlignCenter],
];
const directions = ['Left', 'Right', 'Up', 'Down'] as const;
const nudgeStep = 8;
const largeStep = 40;
const steps = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] } as const;

export const editCommands: readonly Command[] = [
  {
    name: 'edit.undo',
    label: (state) => (state.undoLabel ? `Undo ${visible(lowerFirst(state.undoLabel))}` : 'Undo'),
    icon: IconArrowBackUp,
    shortcuts: ['Mod+Z'],
    scope: 'document',
    enabled: (state) => state.canUndo,
    run: (session) => session.undo(),
  },
  {
    name: 'edit.redo',
    label: (state) => (state.redoLabel ? `Redo ${visible(lowerFirst(state.redoLabel))}` : 'Redo'),
    icon: IconArrowForwardUp,
    shortcuts: ['Mod+Shift+Z', 'Mod+Y'],
    scope: 'document',
    enabled: (state) => state.canRedo,
    run: (session) => session.redo(),
  },
  { name: 'edit.cut', label: 'Cut', icon: IconCut, shortcuts: ['Mod+X'], scope: 'canvas', removes: true, enabled: hasNodes, run: () => cutSelection() },
  { name: 'edit.copy', label: 'Copy', icon: IconCopy, shortcuts: ['Mod+C'], scope: 'canvas', enabled: hasNodes, run: () => copySelection() },
  { name: 'edit.paste', label: 'Paste', icon: IconClipboard, shortcuts: ['Mod+V'], scope: 'document', run: () => pasteFromClipboard() },
  {
    name: 'edit.duplicate',
    label: 'Duplicate',
    icon: IconBoxMultiple,
    shortcuts: ['Mod+D'],
    scope: 'canvas',
    enabled: hasNodes,
    run: () => duplicateSelection(),
  },
  {
    name: 'edit.delete',
    label: 'Delete',
    icon: IconTrash,
    shortcuts: ['Delete', 'Backspace'],
    scope: 'canvas',
    removes: true,
    enabled: hasAny,
    run: () => deleteSelection(),
  },
  {
    name: 'edit.selectAll',
    label: 'Select all',
    shortcuts: ['Mod+A'],
    scope: 'canvas',
    run: (session) => session.select({ nodes: Object.keys(session.state.pipeline.nodes), edges: [] }),
  },
  { name: 'edit.deselect', label: 'Deselect', shortcuts: ['Escape'], scope: 'canvas', enabled: hasAny, run: (session) => session.select({}) },
  { name: 'edit.rename', label: 'Rename', icon: IconPencil, shortcuts: ['F2'], scope: 'canvas', enabled: oneNode, run: () => renameSelection() },
  {
    name: 'edit.inspect',
    label: 'Edit settings',
    shortcuts: ['Enter'],
    scope: 'canvas',
    enabled: oneNode,
    run: (session) => {
      const [id = ''] = session.state.selection.nodes;
      session.showField(id, firstField(id));
    },
  },
  { name: 'insert.node', label: 'Add node…', icon: IconPlus, shortcuts: ['/', 'Insert'], scope: 'document', run: () => openQuickAdd() },
  { name: 'arrange.layout', label: 'Arrange automatically', icon: IconSitemap, shortcuts: ['Mod+Shift+L'], run: () => layOutPipeline() },
  ...aligned.map(([how, label, icon]): Command => ({ name: `arrange.${how}`, label, icon, enabled: several, run: () => alignNodes(how) })),
];

/** The param at the top of a node's form. */
function firstField(id: string): string | null {
  const { pipeline, catalogue } = session.state;
  const node = pipeline.nodes[id];
  const manifest = node && catalogue.get(node.type);
  if (!manifest) return null;
  const values = { ...manifest.defaults, ...node.params };
  return Object.entries(manifest.params).find(([, field]) => isShown(field, values))?.[0] ?? null;
}

/** Arrow keys; not in menus, but in the list of shortcuts. */
export const moveCommands: readonly Command[] = directions.flatMap((direction): Command[] => {
  const [x, y] = steps[direction];
  return [
    {
      name: `move.${direction.toLowerCase()}`,
      label: `Move ${direction.toLowerCase()}`,
      shortcuts: [`Arrow${direction}`],
      scope: 'canvas',
      enabled: hasNodes,
      run: () => nudge(x * nudgeStep, y * nudgeStep),
    },
    {
      name: `move.${direction.toLowerCase()}Far`,
      label: `Move ${direction.toLowerCase()} by more`,
      shortcuts: [`Shift+Arrow${direction}`],
      scope: 'canvas',
      enabled: hasNodes,
      run: () => nudge(x * largeStep, y * largeStep),
    },
    {
      name: `select.${direction.toLowerCase()}`,
      label: `Select the node ${direction === 'Up' ? 'above' : direction === 'Down' ? 'below' : `to the ${direction.toLowerCase()}`}`,
      shortcuts: [`Alt+Arrow${direction}`],
      scope: 'canvas',
      run: () => moveSelection(x, y),
    },
  ];
});

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
