import { hostJobsQueue } from '../../contract/words/names.ts';
import type { RolloutState } from './rollout-state.ts';

/** What is known of whether the watched hosts are there. */
export interface Presence {
  /** When it was looked for them last, in this step; `null`: not yet. */
  checkedAt: number | null;
  /** Since when hosts have been away, as far as was looked. */
  away: ReadonlyMap<string, number>;
  /** When the last of them was found again; `null`: all were there always. */
  calmSince: number | null;
}

/** Who is there takes jobs from its queue. @throws {Error} what the broker said */
export interface PresenceLink {
  isConsumed(queue: string): Promise<boolean>;
}

const EVERY_MS = 30_000;
const AGAIN_MS = 5_000;
/** More than a heartbeat of a host, and more than it usually takes to have another connection. */
const AWAY_MS = 45_000;
/** Who was heard of since then need not be looked for in the midst of a soak: hosts beat every 30 s. */
const FRESH_MS = 40_000;
const AT_ONCE = 20;

/** Whether it has to be looked for the watched hosts, or waited for those that are away. `null`: all were there after the soak. */
export function heldByPresence(
  state: RolloutState,
  { now, presence, stepEndedAt }: { now: number; presence: Presence; stepEndedAt: number | null },
  soakedAt: number,
): { kind: 'check-presence'; isEnd: boolean } | { kind: 'wait'; until: number } | null {
  if (state.step === -1 || state.watchedHosts.length === 0) return null;
  const { checkedAt, away } = presence;
  const isAfterSoak = checkedAt !== null && checkedAt >= soakedAt;
  if (isAfterSoak && away.size === 0) return null;
  const next = (checkedAt ?? stepEndedAt ?? now) + (away.size > 0 ? AGAIN_MS : EVERY_MS);
  const isEnd = soakedAt <= now;
  if (next <= now || (isEnd && !isAfterSoak)) return { kind: 'check-presence', isEnd };
  return { kind: 'wait', until: isAfterSoak ? next : Math.min(next, soakedAt) };
}

/** A host that dies says nothing of it: looks whether those that have ended well are there still. */
export class PresenceWatch implements Presence {
  checkedAt: number | null = null;
  calmSince: number | null = null;
  readonly away = new Map<string, number>();

  /** What was seen before does not count any more. */
  forget(): void {
    this.checkedAt = null;
    this.calmSince = null;
    this.away.clear();
  }

  /**
   * @param isEnd whether it is after the soak, when who was heard of not long ago is looked for, too
   * @returns hosts that have been away for too long
   */
  async check(link: PresenceLink, state: RolloutState, isEnd: boolean): Promise<string[]> {
    const at = Date.now();
    const hadAway = this.away.size > 0;
    const watched = state.watchedHosts;
    const names = new Set(watched.map(([host]) => host));
    for (const host of this.away.keys()) if (!names.has(host)) this.away.delete(host);
    const asked = watched.filter(
      ([host, { heardAt }]) => isEnd || this.away.has(host) || (heardAt ?? 0) < at - FRESH_MS,
    );
    for (let from = 0; from < asked.length; from += AT_ONCE) {
      await Promise.all(
        asked.slice(from, from + AT_ONCE).map(async ([host]) => await this.#look(link, host)),
      );
    }
    this.checkedAt = at;
    const lost = watched.flatMap(([host, { heardAt }]) => {
      const since = this.away.get(host);
      if (since === undefined) return [];
      // It may have spoken just before it went.
      if ((heardAt ?? 0) > since) this.away.set(host, heardAt ?? since);
      return at - (this.away.get(host) ?? at) >= AWAY_MS ? [host] : [];
    });
    for (const host of lost) this.away.delete(host);
    if (hadAway && this.away.size === 0) this.calmSince = at;
    return lost;
  }

  async #look(link: PresenceLink, host: string): Promise<void> {
    // Where the broker does not say so, it is not known that it is away.
    const isThere = await link.isConsumed(hostJobsQueue(host)).catch(() => true);
    if (isThere) this.away.delete(host);
    else if (!this.away.has(host)) this.away.set(host, Date.now());
  }
}
