/**
 * What all our events have around their data, as CloudEvents 1.0.2 wants it
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). The time is now.
 *
 * @param id the same for the same fact of one source, however often it is told
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

/** The source of what a host tells. */
export function hostSource(hostId: string): string {
  return `/fleetwall/hosts/${hostId}`;
}

/** … and of what is told of a rollout. */
export function rolloutSource(rolloutId: string): string {
  return `/fleetwall/rollouts/${rolloutId}`;
}
