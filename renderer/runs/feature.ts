import type { Feature } from '../shell/feature.ts';
import { RunPanel } from './RunPanel.tsx';
import { runCommands } from './run-commands.ts';

export const runs: Feature = { commands: runCommands, views: { run: RunPanel } };
