import type { ComponentType } from 'react';
import type { Command } from './commands/command.ts';
import { addCommands } from './commands/registry.ts';
import { fillSlot, type SlotName } from './slots.tsx';

/** The contributions of one part of the editor: app/contributions.ts lists the features, and nothing else knows them. */
export interface Feature {
  readonly commands?: readonly Command[];
  /** A view that is loaded when it is first shown is a `lazy` one. */
  readonly views?: { readonly [slot in SlotName]?: ComponentType };
}

/** Call it before anything is drawn. Throws if a command's name is taken. */
export function contribute(features: readonly Feature[]): void {
  for (const { commands = [], views = {} } of features) {
    addCommands(commands);
    for (const [slot, view] of Object.entries(views)) fillSlot(slot as SlotName, view);
  }
}
