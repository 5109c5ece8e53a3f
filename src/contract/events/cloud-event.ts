import * as z from 'zod';

/** What all our events have around their data, but for their source. */
export const CloudEventFields = z.object({
  specversion: z.literal('1.0').describe('The version of CloudEvents.'),
  id: z.string().min(1).describe('The same for the same fact of one source, however often it is published.'),
  time: z.iso.datetime().describe('When the event was made: RFC 3339, in UTC.'),
  datacontenttype: z.literal('application/json').describe('What data is.'),
});

/**
 * Makes what all our events have around their data, as CloudEvents 1.0.2 wants it
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). Its time is now.
 *
 * @param id always the same for the same fact of one source, however often it is published
 */
export function cloudEvent(source: string, id: string) {
  return {
    specversion: '1.0' as const,
    id,
    source,
    time: new Date().toISOString(),
    datacontenttype: 'application/json' as const,
  };
}

/** The source of what operators say that is of no rollout. */
export const OPERATOR_SOURCE = '/fleetwall/operators';

/** Returns the source of a host's events. */
export function hostSource(hostId: string): string {
  return `/fleetwall/hosts/${hostId}`;
}

/** Returns the source of a rollout's events. */
export function rolloutSource(rolloutId: string): string {
  return `/fleetwall/rollouts/${rolloutId}`;
}
