import type { Feature } from '../shell/feature.ts';
import { ProblemsPanel } from './ProblemsPanel.tsx';

export const problems: Feature = { views: { problems: ProblemsPanel } };
