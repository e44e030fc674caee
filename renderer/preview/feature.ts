import { lazy } from 'react';
import type { Feature } from '../shell/feature.ts';

export const preview: Feature = { views: { data: lazy(() => import('./PreviewPanel.tsx')) } };
