import { lazy } from 'react';
import type { Feature } from '../shell/feature.ts';

export const results: Feature = { views: { results: lazy(() => import('./ResultsPanel.tsx')) } };
