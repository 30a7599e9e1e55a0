import type { InstallSteps } from '../apt/install.ts';
import type { Need } from './needs.ts';

/** What is installed, and how. */
export interface InstallPlan extends InstallSteps {
  install: Need[];
  /** What remains for the user to type. */
  byHand: string[];
}
