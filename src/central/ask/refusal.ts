import type { JobCompleted } from '../../contract/events/event.ts';

/**
 * Whether a host has not even taken a message as a job: what it refuses so uses up no id, and may be taken later. A job that was begun
 * too often ends at the same stage, and that is its end.
 */
export function isRefusal({ authenticated, failure }: JobCompleted): boolean {
  if (authenticated || failure === null || failure.code === 'internal') return false;
  return failure.stage === 'decode' || failure.stage === 'authorise';
}
