import { useEffect } from 'react';
import type { Feature } from '../shell/feature.ts';
import { Canvas } from './Canvas.tsx';
import { listenToClipboard } from './clipboard.tsx';
import { editCommands, moveCommands } from './edit-commands.ts';

export const canvas: Feature = { commands: [...editCommands, ...moveCommands], views: { canvas: Canvas, background: Clipboard } };

/** On the start page too: pasting there begins a pipeline. */
function Clipboard() {
  useEffect(() => listenToClipboard(), []);
  return null;
}
