import {
  IconArrowsMaximize,
  IconBookmark,
  IconClock,
  IconCommand,
  IconDeviceDesktop,
  IconDropletDown,
  IconInfoCircle,
  IconLayoutBottombar,
  IconLayoutSidebar,
  IconLayoutSidebarRight,
  IconListDetails,
  IconMap,
  IconMoon,
  IconPlayerEject,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconSearch,
  IconSun,
  IconZoomIn,
  IconZoomOut,
} from '@tabler/icons-react';
import { fitAll, zoomBy, zoomTo } from '../graph/viewport.ts';
import { focusPaletteSearch } from '../palette/focus.ts';
import { showPlan } from '../runs/PlanDialog.tsx';
import { endRun, makeCheckpoint, pauseOrResume, startRun, stopRun } from '../runs/run-actions.tsx';
import { isOwnRun } from '../session/run-origin.ts';
import { isEnding, isRunning, isSteerable } from '../session/run-state.ts';
import type { DockTab, SessionState } from '../session/session.ts';
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
  ['system', 'Theme: like the system', IconDeviceDesktop],
  ['light', 'Theme: light', IconSun],
  ['dark', 'Theme: dark', IconMoon],
] as const;
const zoomStep = 1.2;

export const viewCommands: readonly Command[] = [
  { name: 'view.search', label: 'Search nodes to add', icon: IconSearch, shortcuts: ['Mod+F'], run: () => focusPaletteSearch() },
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

const running = (state: SessionState) => isRunning(state.run);
/** Such a run commits with its checkpoints, and is stopped with one. */
const isEndless = (state: SessionState) => running(state) && state.run?.bounded === false;

export const runCommands: readonly Command[] = [
  {
    name: 'run.start',
    label: 'Run',
    icon: IconPlayerPlay,
    shortcuts: ['F5'],
    enabled: (state) => state.engine === 'ready' && !(isOwnRun(state) && running(state)) && Object.keys(state.pipeline.nodes).length > 0,
    run: () => startRun(),
  },
  {
    name: 'run.stop',
    label: (state) => (isEndless(state) ? 'Stop with a checkpoint' : 'Stop'),
    icon: IconPlayerStop,
    shortcuts: ['Shift+F5'],
    enabled: (state) => running(state) && !isEnding(state.run),
    run: () => stopRun(),
  },
  {
    name: 'run.pause',
    label: (state) => (state.run?.state === 'paused' ? 'Resume' : 'Pause'),
    icon: IconPlayerPause,
    shortcuts: ['F6'],
    enabled: (state) => isSteerable(state.run),
    run: () => pauseOrResume(),
  },
  {
    name: 'run.drain',
    label: 'Drain and stop',
    help: 'Reads no further, lets out what is held, such as open windows, as at the end of the input, and commits.',
    icon: IconDropletDown,
    enabled: (state) => isSteerable(state.run),
    run: () => endRun('drain'),
  },
  {
    name: 'run.cancel',
    label: 'Cancel the run',
    help: 'Ends it at once, back to what it last committed.',
    icon: IconPlayerEject,
    enabled: running,
    run: () => endRun('cancel'),
  },
  {
    name: 'run.checkpoint',
    label: 'Make a checkpoint',
    help: 'Commits what has been written so far; the run goes on.',
    icon: IconBookmark,
    enabled: (state) => isEndless(state) && isSteerable(state.run),
    run: () => makeCheckpoint(),
  },
  {
    name: 'run.plan',
    label: 'Show plan…',
    help: 'How a run would go: what is read first, loops, state, and where rows go.',
    icon: IconListDetails,
    enabled: (state) => state.engine === 'ready' && Object.keys(state.pipeline.nodes).length > 0,
    run: () => showPlan(),
  },
];

export const helpCommands: readonly Command[] = [
  { name: 'help.commands', label: 'All commands…', icon: IconCommand, shortcuts: ['Mod+K', 'Mod+Shift+P'], run: () => openCommandPalette() },
  { name: 'help.about', label: 'About Millrace', icon: IconInfoCircle, run: () => showAbout() },
];
