import type { RulesetRecord } from '../ports/stores.ts';

/** What is said of a ruleset that ends, or has ended, besides what is said of each. */
export function endingOf({
  end,
  hasEnded,
  contentRevision,
}: Pick<RulesetRecord, 'end' | 'hasEnded' | 'contentRevision'>): { until?: string; liveRevision?: number } {
  return {
    ...(end === null ? {} : { until: end.until }),
    ...(hasEnded && contentRevision !== null ? { liveRevision: contentRevision } : {}),
  };
}
