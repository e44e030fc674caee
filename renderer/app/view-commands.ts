import {
  IconArrowsMaximize,
  IconClock,
  IconCommand,
  IconDeviceDesktop,
  IconInfoCircle,
  IconLayoutBottombar,
  IconLayoutSidebar,
  IconLayoutSidebarRight,
  IconMap,
  IconMoon,
  IconSun,
  IconZoomIn,
  IconZoomOut,
} from '@tabler/icons-react';
import { fitAll, zoomBy, zoomTo } from '../graph/viewport.ts';
import type { DockTab } from '../session/session.ts';
import type { Command } from '../shell/commands/command.ts';
import { openCommandPalette } from '../shell/commands/command-palette.ts';
import { showAbout } from './About.tsx';
import { chooseTimeZone } from './TimeZonePicker.tsx';

const panels = [
  ['palette', 'Node palette', 'Mod+B', IconLayoutSidebar],
  ['inspector', 'Inspector', 'Mod+I', IconLayoutSidebarRight],
  ['dock', 'Bottom panel', 'Mod+J', IconLayoutBottombar],
] as const;
const tabs: readonly [DockTab, string, string][] = [
  ['data', 'Data', 'Mod+1'],
  ['problems', 'Problems', 'Mod+2'],
  ['run', 'Run', 'Mod+3'],
  ['results', 'Results', 'Mod+4'],
];
const themes = [
  ['system', 'Theme: same as the system', IconDeviceDesktop],
  ['light', 'Theme: light', IconSun],
  ['dark', 'Theme: dark', IconMoon],
] as const;
const zoomStep = 1.2;

export const viewCommands: readonly Command[] = [
  ...panels.map(
    ([panel, label, shortcut, icon]): Command => ({
      name: `view.${panel}`,
      label,
      icon,
      shortcuts: [shortcut],
      checked: (state) => state.settings[panel],
      run: (session) => session.set(panel, !session.state.settings[panel]),
    }),
  ),
  ...tabs.map(
    ([tab, label, shortcut]): Command => ({
      name: `view.${tab}`,
      label: `Show ${label.toLowerCase()}`,
      shortcuts: [shortcut],
      run: (session) => session.showDock(tab),
    }),
  ),
  { name: 'view.zoomIn', label: 'Zoom in', icon: IconZoomIn, shortcuts: ['Mod+=', 'Mod++'], run: () => zoomBy(zoomStep) },
  { name: 'view.zoomOut', label: 'Zoom out', icon: IconZoomOut, shortcuts: ['Mod+-'], run: () => zoomBy(1 / zoomStep) },
  { name: 'view.zoomActual', label: 'Zoom to 100 %', shortcuts: ['Mod+0'], run: () => zoomTo(1) },
  {
    name: 'view.fit',
    label: 'Show the whole pipeline',
    icon: IconArrowsMaximize,
    shortcuts: ['F', 'Home'],
    scope: 'canvas',
    run: () => fitAll(),
  },
  {
    name: 'view.minimap',
    label: 'Minimap',
    icon: IconMap,
    checked: (state) => state.settings.minimap,
    run: (session) => session.set('minimap', !session.state.settings.minimap),
  },
  { name: 'view.snap', label: 'Snap to grid', checked: (state) => state.settings.snap, run: (session) => session.set('snap', !session.state.settings.snap) },
  { name: 'view.timeZone', label: 'Time zone of timestamps…', icon: IconClock, run: () => chooseTimeZone() },
];
export const themeCommands: readonly Command[] = themes.map(([theme, label, icon]) => ({
  name: `theme.${theme}`,
  label,
  icon,
  checked: (state) => state.settings.theme === theme,
  run: (session) => session.set('theme', theme),
}));

export const helpCommands: readonly Command[] = [
  { name: 'help.commands', label: 'All commands…', icon: IconCommand, shortcuts: ['Mod+K', 'Mod+Shift+P'], run: () => openCommandPalette() },
  { name: 'help.about', label: 'About Millrace', icon: IconInfoCircle, run: () => showAbout() },
];
