import type { FailureCode } from '../events/failure.ts';
import { type CodeExplanation, TEST_EXPLANATIONS } from './test-explanations.ts';

/** What each failure code means, in the words of the contract's page (`README.md` beside this file), in Markdown. */
export const CODE_EXPLANATIONS: Readonly<Record<FailureCode, CodeExplanation>> = {
  job_malformed: {
    stages: ['decode'],
    means: 'the body is not JSON, not gzip, no JWS, or not a job: the message names the field',
    advice:
      'mend the sender; `fleetwall schema job` is what a job looks like. The message is in the queue `fleetwall.dead`',
  },
  job_too_large: {
    stages: ['decode'],
    means: 'more than 8 MiB decoded, or more than 200,000 lines',
    advice: 'split the ruleset into several',
  },
  job_unsupported_version: {
    stages: ['decode'],
    means: '`apiVersion` is one that this worker does not read',
    advice: 'send `fleetwall/v1`, or update the worker',
  },
  signature_missing: {
    stages: ['authorise'],
    means: "the job is not signed, or by fewer signers than the host's policy wants",
    advice: 'sign it (`--key`), or have a second person sign it (`fleetwall keys sign`)',
  },
  signature_invalid: {
    stages: ['authorise'],
    means: 'the signature does not fit: the job was altered, or signed with another key of that name',
    advice:
      'sign again; see which key the host trusts under that `kid`. If nobody changed a key, somebody altered a job: look at the broker',
  },
  signer_not_trusted: {
    stages: ['authorise'],
    means: 'the host has no such key, or the key is not for this group, ruleset, action or time',
    advice: "`fleetwall keys list` on the host's file; add the key there, or sign with another",
  },
  not_addressed: {
    stages: ['authorise'],
    means: 'the host is not in `target`, though the job came to it',
    advice:
      'name the host or its group in `target`; else a binding on the broker is wrong: `fleetwall provision` again',
  },
  revision_stale: {
    stages: ['admit'],
    means: 'a higher revision is committed on the host',
    advice: 'push under a new, higher revision',
  },
  revision_conflict: {
    stages: ['admit'],
    means:
      'the revision is committed with another content, or `until`, or has ended; or `ifRevision`, `ifDigest` or `ifContentRevision` does not fit',
    advice:
      'somebody else pushed meanwhile: look at what is live (`fleetwall report`), then push under the next revision',
  },
  revision_gap: {
    stages: ['admit'],
    means:
      'a `list.change` whose revision is not the one after what is committed: the host has missed a change',
    advice: 'send what is missing, or the whole list (`list.replace`)',
  },
  no_previous_revision: {
    stages: ['admit'],
    means: 'a `rollback`, and nothing was committed before',
    advice: '`fleetwall remove`, or push what should be there',
  },
  ruleset_invalid: {
    stages: ['lint'],
    means: 'lines that cannot be taken, all of them named; or the scope is not that of what is live',
    advice:
      'mend the lines; `fleetwall check FILE` shows them on any host. Another scope: remove the ruleset first',
  },
  policy_denied: {
    stages: ['lint'],
    means:
      "the host's policy does not let it in, line by line; an entry overlaps what a deny list must never have; or a signed job has no `expiresAt`",
    advice: 'mend the ruleset or the list, or have the owner of the host change its policy; send `expiresAt`',
  },
  list_invalid: {
    stages: ['lint'],
    means: 'entries that are no networks, each with its place; or the list is of another `kind` here',
    advice: 'mend them: addresses and networks are written as `192.0.2.1`, `192.0.2.0/24` or `2001:db8::/48`',
  },
  list_missing: {
    stages: ['lint'],
    means: 'a rule matches a list that the host does not have, with its line',
    advice: 'send the list first, or name it in the `lists` of the ruleset, and it is made, empty',
  },
  lock_timeout: {
    stages: ['host'],
    means: 'another job, `fleetwall apply`, or a change that waits to be confirmed holds the host',
    advice: 'the message says who; confirm or abort it, or wait, and send again',
  },
  xtables_lock_timeout: {
    stages: ['host'],
    means: 'another program holds the lock of iptables',
    advice: '`fuser -v /run/xtables.lock` on the host; send again',
  },
  state_unavailable: {
    stages: ['host'],
    means: 'the state folder cannot be read or written, is damaged, or was written by a newer fleetwall',
    advice: 'see disk space, rights and the file that the message names; install the newer version again',
  },
  undo_pending: {
    stages: ['host'],
    means: 'an earlier change could not be taken back yet, and nothing else may change before it is',
    advice:
      'see [what to do](../../docker/README-operate.md#fleetwallundofailed); send again after `fleetwall.job.undone`',
  },
  broker_unreachable: {
    stages: ['host'],
    means: 'no new connection to the broker even before the change, so it could not be confirmed',
    advice: 'see whether rules, password or certificate of the host still let it in; send again',
  },
  privilege_missing: {
    stages: ['host'],
    means: 'a right is missing: `CAP_NET_ADMIN`, `CAP_NET_RAW` (legacy), `CAP_SYS_ADMIN` (rehearsals)',
    advice: '`fleetwall doctor` on the host; give the service or container the right',
  },
  backend_unavailable: {
    stages: ['host'],
    means:
      'iptables, or a program that the rules need (`ipset`, `nfacct`, `nfct`), is missing or does not work',
    advice: '`fleetwall doctor`; install it, or set `FLEETWALL_BACKEND`',
  },
  module_missing: {
    stages: ['host'],
    means: 'the kernel has no module for a table, match or target',
    advice: 'load the module that the message names, or leave the line out',
  },
  family_unavailable: {
    stages: ['host'],
    means: 'there is no IPv6 in this kernel',
    advice: 'switch it on, or send no `ipv6`',
  },
  chain_conflict: {
    stages: ['host'],
    means: 'a chain, a table or a set of a list belongs to others, or was there before',
    advice: 'choose another name; or take a chain over with `adopt`, if it is yours',
  },
  foreign_unrepresentable: {
    stages: ['host'],
    means: 'rules are there that iptables could not give back (native nft rules, odd names)',
    advice: 'use scope `chains`, or remove these rules',
  },
  list_full: {
    stages: ['host'],
    means: 'the list would have more entries of a family than `maxEntries`; nothing was changed',
    advice: 'send the whole list with a higher `maxEntries`, or join entries to networks',
  },
  list_in_use: {
    stages: ['host'],
    means:
      'rules match the list, or would after a `rollback`, or what others put in its place: the message names them',
    advice:
      'push these rulesets without such rules, or remove them, before the list is removed; delete such rules of others',
  },
  rule_rejected: {
    stages: ['rehearse', 'apply'],
    means: 'the kernel refuses rules: each failing line is named',
    advice:
      'mend the lines. At stage `apply`, something changed since the rehearsal, such as a chain of others that is gone',
  },
  ...TEST_EXPLANATIONS,
  apply_failed: {
    stages: ['host', 'rehearse', 'apply'],
    means: 'iptables failed, and no line is to blame: `stderr` has what it said. At `host` it was a read',
    advice: 'send again; if it stays, run the same on the host by hand',
  },
  apply_timeout: {
    stages: ['host', 'rehearse', 'apply'],
    means: 'one save or restore took longer than `FLEETWALL_APPLY_TIMEOUT_SECONDS`',
    advice: 'see what the host is busy with; raise the setting for very large rulesets',
  },
  verify_mismatch: {
    stages: ['verify'],
    means: 'after three tries what is live is not what was wanted: another program writes to the same chains',
    advice: 'find it (`fleetwall.drift.detected` names it), end it, and send again',
  },
  probe_failed: {
    stages: ['confirm'],
    means:
      "after the change no new connection to the broker, or one of the host's own probes, worked in time",
    advice: 'the ruleset locks the host out: the message says what did not answer. Mend the rules',
  },
  confirm_timeout: {
    stages: ['confirm'],
    means: '`manual`: nobody confirmed it in time',
    advice: 'push again, and confirm in time; or a longer `--confirm-timeout`',
  },
  aborted: {
    stages: ['confirm'],
    means: '`manual`: somebody aborted it',
    advice: 'nothing: it was asked for',
  },
  worker_restarted: {
    stages: ['apply', 'confirm'],
    means: 'the worker or the host was ended in the middle of the job; what it had done was taken back',
    advice: 'send again; if it comes back, see why the worker ends',
  },
  undo_failed: {
    stages: ['apply'],
    means:
      'the change failed **and could not be taken back within 60 s**: the one case in which the host may differ. It is tried on',
    advice: 'see [what to do](../../docker/README-operate.md#fleetwallundofailed)',
  },
  internal: {
    stages: ['decode', 'host'],
    means: 'an error in fleetwall itself; at `decode`: the message was begun five times and ended the worker',
    advice: "keep the worker's log and the message (queue `fleetwall.dead`), and report it",
  },
};
