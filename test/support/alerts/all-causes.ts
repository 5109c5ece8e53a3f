import type { Cause } from './cause.ts';
import { CAUSES_OF_BROKER } from './causes-of-broker.ts';
import { CAUSES_OF_HOSTS } from './causes-of-hosts.ts';
import { CAUSES_OF_JOBS } from './causes-of-jobs.ts';
import { CAUSES_OF_RULES } from './causes-of-rules.ts';

/** One for each alert of the project. */
export const ALL_CAUSES: readonly Cause[] = [
  ...CAUSES_OF_RULES,
  ...CAUSES_OF_JOBS,
  ...CAUSES_OF_HOSTS,
  ...CAUSES_OF_BROKER,
];
