import type { HostEnd } from './rollout-events.ts';

/**
 * How a host ends that is as it was asked to be: by this job, or, where it is `superseded`, by a newer one. Every other end is one
 * that somebody has to look at.
 */
const GOOD_ENDS: ReadonlySet<string> = new Set<HostEnd>([
  'applied',
  'unchanged',
  'checked',
  'removed',
  'reported',
  'superseded',
]);

export function isGoodEnd(end: string): boolean {
  return GOOD_ENDS.has(end);
}
