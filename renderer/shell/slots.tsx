import type { ComponentType } from 'react';
import type { DockTab } from '../session/session.ts';

/**
 * The places of the window for the views of features. `background` has no place of its own: for views that only listen, or cover the window
 * for a moment.
 */
export type SlotName = DockTab | 'start' | 'banner' | 'palette' | 'canvas' | 'inspector' | 'code' | 'background';

const views = new Map<SlotName, ComponentType[]>();

/** Call it before anything is drawn. */
export function fillSlot(name: SlotName, view: ComponentType): void {
  views.set(name, [...(views.get(name) ?? []), view]);
}

/** The views of features in a place, in the order in which they were contributed. */
export function Slot({ name }: { readonly name: SlotName }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the list does not change once anything is drawn.
  return views.get(name)?.map((View, index) => <View key={index} />);
}
