import type { JobCompleted } from '../../contract/event.ts';

/** Whether a host has not even taken a message as a job: what it refuses so uses up no id, and may be taken later. */
export function isRefusal({ authenticated, failure }: JobCompleted): boolean {
  return !authenticated && (failure?.stage === 'decode' || failure?.stage === 'authorise');
}
