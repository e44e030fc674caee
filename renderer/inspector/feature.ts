import { lazy } from 'react';
import type { Feature } from '../shell/feature.ts';

export const inspector: Feature = { views: { inspector: lazy(() => import('./Inspector.tsx')) } };
