import { createSpotlight } from '@mantine/spotlight';

export const [paletteStore, palette] = createSpotlight();

export function openCommandPalette(): void {
  palette.open();
}
