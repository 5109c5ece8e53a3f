import { readHostPolicy } from '../config/read-host-policy.ts';
import { readHostProbes } from '../config/read-host-probes.ts';
import { SettingsError } from '../config/settings-error.ts';
import { SetupError } from '../config/setup-error.ts';
import { readTrustedKeys, type TrustedJwk } from '../config/trusted-keys.ts';
import { assertAuthority } from '../worker/open/assert-authority.ts';
import { spellPolicy } from '../worker/open/spell-policy.ts';
import { type Examined, type Finding, failure, ok, warning } from './finding.ts';
import { withSandbox } from './with-sandbox.ts';

const DAY_MS = 24 * 3_600_000;
const SOON_DAYS = 30;

/** Who may command this host (trusted keys), and what the host itself wants: its policy, and its own probes. */
export async function examineAuthority(host: Examined): Promise<Finding[]> {
  const { trustedKeys, allowUnsigned, policy, probes } = host.settings;
  return [
    ...(await keysFindings(trustedKeys, allowUnsigned)),
    ...(policy === undefined ? [] : await policyFindings(host, policy)),
    ...(probes === undefined ? [] : await probesFindings(probes)),
  ];
}

async function keysFindings(path: string | undefined, allowUnsigned: boolean): Promise<Finding[]> {
  if (path === undefined) {
    return [
      allowUnsigned
        ? warning(
            'jobs need not be signed (FLEETWALL_ALLOW_UNSIGNED)',
            'whoever may publish on the broker commands this host: make keys with "fleetwall keys generate", and set FLEETWALL_TRUSTED_KEYS',
          )
        : failure(
            'there are no trusted keys, and the worker will not start',
            'set FLEETWALL_TRUSTED_KEYS, or FLEETWALL_ALLOW_UNSIGNED=true if that is meant',
          ),
    ];
  }
  try {
    const keys = await readTrustedKeys(path);
    return [
      ok(`jobs have to be signed by ${keys.map(({ kid }) => kid).join(', ')} (${path})`),
      ...keys.flatMap(ageOf),
    ];
  } catch (error) {
    return [refused(error)];
  }
}

function ageOf({ kid, limits: { notAfter } }: TrustedJwk): Finding[] {
  if (notAfter === undefined) return [];
  const days = Math.floor((Date.parse(notAfter) - Date.now()) / DAY_MS);
  if (days > SOON_DAYS) return [];
  const what = days < 0 ? 'has run out' : `runs out in ${days} days`;
  return [warning(`the key ${kid} ${what} (${notAfter})`, 'give this host the key that follows it')];
}

/** Checks the policy as a whole: with one that can be read, the worker may still not start, or may take no ruleset. */
async function policyFindings(host: Examined, path: string): Promise<Finding[]> {
  try {
    const policy = await readHostPolicy(path);
    assertAuthority(host.settings, policy);
    const guardrails = await withSandbox(host, async (sandbox) => await spellPolicy(policy, sandbox));
    const fault = guardrails?.fault ?? null;
    if (fault === null) return [ok(`the policy in ${path} can be obeyed`)];
    return [
      failure(
        `the policy in ${path} has a rule that this kernel does not take: ${fault}`,
        'no ruleset will be taken: mend the rule',
      ),
    ];
  } catch (error) {
    return [refused(error)];
  }
}

async function probesFindings(path: string): Promise<Finding[]> {
  try {
    const probes = await readHostProbes(path);
    return [ok(`the host's own probes in ${path}: ${probes.map(({ name }) => name).join(', ')}`)];
  } catch (error) {
    return [refused(error)];
  }
}

function refused(error: unknown): Finding {
  if (!(error instanceof SettingsError || error instanceof SetupError)) throw error;
  return failure(error.message, 'the worker will not start with it: mend the file');
}
