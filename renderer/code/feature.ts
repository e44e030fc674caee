import { lazy } from 'react';
import type { Feature } from '../shell/feature.ts';

export const code: Feature = { views: { code: lazy(() => import('./CodePanel.tsx')) } };
