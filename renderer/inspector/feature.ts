import { IconPlugConnected } from '@tabler/icons-react';
import { lazy } from 'react';
import type { Feature } from '../shell/feature.ts';
import { showConnections } from './connections/show-connections.tsx';

export const inspector: Feature = {
  commands: [
    {
      name: 'view.connections',
      label: 'Connections…',
      icon: IconPlugConnected,
      help: 'Servers and brokers that nodes of this folder read and write',
      run: async () => showConnections((await import('./widgets/registry.ts')).widgets),
    },
  ],
  views: { inspector: lazy(() => import('./Inspector.tsx')) },
};
