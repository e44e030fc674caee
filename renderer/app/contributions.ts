/** What the features bring: every command of the editor. Imported once, before anything is drawn. */
import { IconKeyboard } from '@tabler/icons-react';
import { editCommands, moveCommands } from '../canvas/edit-commands.ts';
import { fileCommands } from '../files/file-commands.ts';
import { allCommands, contribute } from '../shell/commands/registry.ts';
import { showShortcuts } from '../shell/commands/ShortcutsDialog.tsx';
import { helpCommands, runCommands, themeCommands, viewCommands } from './view-commands.ts';

contribute([
  ...fileCommands,
  ...editCommands,
  ...moveCommands,
  ...viewCommands,
  ...themeCommands,
  ...runCommands,
  ...helpCommands,
  { name: 'help.shortcuts', label: 'Keyboard shortcuts', icon: IconKeyboard, shortcuts: ['?'], scope: 'document', run: () => showShortcuts(allCommands()) },
]);
