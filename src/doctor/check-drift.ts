import { FileBootFiles } from '../host/state/boot-files.ts';
import { FileJournal } from '../host/state/journal.ts';
import { FileRulesetStore } from '../host/state/ruleset-store.ts';
import { type DriftOf, describeDrift, findDrift } from '../job/drift/drift.ts';
import type { RulesReader } from '../job/ports/session.ts';
import { Iptables } from '../netfilter/tables/iptables.ts';
import { type Examined, type Finding, failure, ok, warning } from './finding.ts';
import { isThere } from './is-there.ts';
import { withLockFolder } from './with-sandbox.ts';

/** Whether what is live is what was committed. It is looked at without the lock, so that nobody waits for it, and nothing is put back. */
export async function examineDrift(host: Examined): Promise<Finding[]> {
  const { stateDir } = host.settings;
  if (!(await isThere(stateDir))) return [ok('no ruleset is committed yet')];
  if ((await new FileJournal(stateDir).peek()) !== null) {
    return [ok('a change is open: what is live is compared with what is committed once it has ended')];
  }
  const rulesets = new FileRulesetStore(stateDir);
  const committed = (await rulesets.list()).filter(({ live }) => live !== null);
  const looked = await look(host, rulesets);
  const damaged = committed.filter(({ name }) => !looked.some(({ record }) => record.name === name));
  const drifted = looked.filter(({ plans }) => plans.length > 0);
  if (damaged.length + drifted.length === 0) {
    return [ok(committed.length === 0 ? 'no ruleset is committed' : 'what is live is what was committed')];
  }
  return [
    ...damaged.map(({ name }) =>
      failure(
        `the boot files of ${name} are lost or damaged`,
        'the worker makes them again of what was pushed when it starts; else push the same revision again: a reboot would not bring it back',
      ),
    ),
    ...drifted.map((drift) => tell(drift, host)),
  ];
}

async function look(host: Examined, rulesets: FileRulesetStore): Promise<DriftOf[]> {
  const { settings, programs, namespace, run, log } = host;
  return await withLockFolder(settings, async (runDir) => {
    const { applyTimeoutSeconds, lockTimeoutSeconds: lockSeconds, stateDir } = settings;
    const timeoutMs = applyTimeoutSeconds * 1000;
    const iptables = new Iptables({ programs, namespace, timeoutMs, lockSeconds, runDir, run });
    const boot = new FileBootFiles(stateDir, programs.restore);
    const rules: RulesReader = { read: async (...asked) => await iptables.read(null, ...asked) };
    return await findDrift({ ports: { rulesets, boot, log }, rules });
  });
}

function tell({ record, plans, isGone }: DriftOf, { settings: { drift } }: Examined): Finding {
  const { name, committed } = record;
  const { added, removed } = describeDrift(plans);
  const what = `${name} revision ${committed?.revision ?? '?'}`;
  if (isGone && drift !== 'off') {
    return warning(
      `nothing of ${what} is live`,
      'the worker puts it back when it starts, and where that fails, at each look for drift after it: is it running? Its log says why it cannot',
    );
  }
  return warning(
    `what is live of ${what} is not what was committed: rules that others put there: ${added}, rules that are missing or elsewhere: ${removed}`,
    drift === 'repair'
      ? 'the worker puts it back: is it running? If it comes again and again, another program writes these rules'
      : 'push the same revision again, which puts it right, or set FLEETWALL_DRIFT=repair; the event fleetwall.drift.detected has the difference',
  );
}
