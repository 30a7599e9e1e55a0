import type { InstallSteps } from '../apt/install.ts';
import type { Need } from './needs.ts';

/** What to install, and how. */
export interface InstallPlan extends InstallSteps {
  install: Need[];
  /** Commands that are left to the user. */
  byHand: string[];
}
