import type { Feature } from '../shell/feature.ts';
import { StartPage } from './StartPage.tsx';

export const start: Feature = { views: { start: StartPage } };
