import type { HostEnd } from '../rollouts/rollout-events.ts';

/** How a host may have ended, in the words of the contract's page (`README.md` beside this file), in Markdown. */
export const END_EXPLANATIONS: Readonly<Record<HostEnd, string>> = {
  applied: 'the change is live, verified, confirmed and committed',
  unchanged: 'it was live already; what had drifted was put right',
  checked: 'a `check`: it could be applied',
  removed: 'the ruleset is taken away',
  reported: 'a `report`: it is in `report`',
  rejected: 'refused at decode, authorise, admit or lint: the host was not touched',
  failed: 'refused later (host, rehearse, apply, verify): the host is as it was, but for `undo_failed`',
  rolled_back: 'it was live, was not confirmed, and was taken back',
  superseded: 'a newer job of the same ruleset, which waited with it, went first',
  cancelled: 'somebody cancelled it before it was begun',
  expired: 'it came later than `expiresAt`',
  unroutable:
    'no queue of the host is on the broker: its name is wrong, it was never provisioned, or its queue is a classic one on a node that is down. Nothing waits for it',
  silent:
    'no answer in time. The job waits in the queue of the host, which may run it later, until it expires or is cancelled; unless a command says that the broker did not take it',
  not_started: 'the rollout ended before it was the turn of this host: nothing was sent to it',
};
