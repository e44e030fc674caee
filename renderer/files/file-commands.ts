import { IconAdjustments, IconBooks, IconDeviceFloppy, IconFilePlus, IconFolderOpen, IconHistory, IconHome, IconShieldCheck } from '@tabler/icons-react';
import { newDocument, saveDocument, saveDocumentAs, showExamples, showRecent, showStart } from '../documents/documents.tsx';
import { openDocument } from '../documents/open-file.ts';
import { session } from '../session/session.ts';
import type { Command } from '../shell/commands/command.ts';
import { isDesktop } from '../shell/host.ts';
import { showTrusted } from './trust.tsx';

export const fileCommands: readonly Command[] = [
  { name: 'file.new', label: 'New pipeline', icon: IconFilePlus, shortcuts: isDesktop ? ['Mod+N'] : ['Alt+N', 'Mod+N'], run: () => newDocument() },
  { name: 'file.open', label: 'Open…', icon: IconFolderOpen, shortcuts: ['Mod+O'], run: () => openDocument() },
  { name: 'file.recent', label: 'Open recent…', icon: IconHistory, shortcuts: ['Mod+Shift+O'], run: () => showRecent() },
  { name: 'file.start', label: 'Start page', icon: IconHome, run: () => showStart() },
  { name: 'file.examples', label: 'Examples…', icon: IconBooks, run: () => showExamples() },
  {
    name: 'file.save',
    label: 'Save',
    icon: IconDeviceFloppy,
    shortcuts: ['Mod+S'],
    enabled: (state) => state.isEdited || state.path === null,
    run: () => saveDocument(),
  },
  { name: 'file.saveAs', label: 'Save as…', shortcuts: ['Mod+Shift+S'], run: () => saveDocumentAs() },
  { name: 'file.trusted', label: 'Trusted pipelines…', icon: IconShieldCheck, run: () => showTrusted() },
  { name: 'file.properties', label: 'Pipeline properties', icon: IconAdjustments, run: () => showProperties() },
];

/** The inspector shows the pipeline's own name, description and parameters while nothing is selected. */
function showProperties(): void {
  session.begin();
  session.select({});
  session.set('inspector', true);
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-label="Pipeline name"]')?.focus());
}
