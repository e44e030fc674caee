/** The parts of the editor: all features, with their commands and views. Imported once, before anything is drawn. */
import { IconKeyboard } from '@tabler/icons-react';
import { canvas } from '../canvas/feature.ts';
import { code } from '../code/feature.ts';
import { files } from '../files/feature.tsx';
import { inspector } from '../inspector/feature.ts';
import { palette } from '../palette/feature.ts';
import { preview } from '../preview/feature.ts';
import { problems } from '../problems/feature.ts';
import { results } from '../results/feature.ts';
import { runs } from '../runs/feature.ts';
import { allCommands } from '../shell/commands/registry.ts';
import { showShortcuts } from '../shell/commands/ShortcutsDialog.tsx';
import { contribute, type Feature } from '../shell/feature.ts';
import { start } from '../start/feature.ts';
import { helpCommands, themeCommands, viewCommands } from './view-commands.ts';

const view: Feature = { commands: [...viewCommands, ...themeCommands] };
const help: Feature = {
  commands: [
    ...helpCommands,
    { name: 'help.shortcuts', label: 'Keyboard shortcuts', icon: IconKeyboard, shortcuts: ['?'], scope: 'document', run: () => showShortcuts(allCommands()) },
  ],
};

// Commands are listed in this order.
contribute([start, files, canvas, palette, view, inspector, code, preview, problems, results, runs, help]);
