import { IconSearch } from '@tabler/icons-react';
import type { Feature } from '../shell/feature.ts';
import { focusPaletteSearch } from './focus.ts';
import { Palette } from './Palette.tsx';

export const palette: Feature = {
  commands: [{ name: 'view.search', label: 'Search nodes to add', icon: IconSearch, shortcuts: ['Mod+F'], run: () => focusPaletteSearch() }],
  views: { palette: Palette },
};
