import { readHostPolicy } from '../config/host-policy.ts';
import { readHostProbes } from '../config/host-probes.ts';
import { SettingsError } from '../config/settings-error.ts';
import { readTrustedKeys, type TrustedJwk } from '../config/trusted-keys.ts';
import { type Examined, type Finding, failure, ok, warning } from './finding.ts';

const DAY_MS = 24 * 3_600_000;
const SOON_DAYS = 30;

/** Who may command this host, and what the host itself has to say about that. */
export async function examineAuthority({ settings }: Examined): Promise<Finding[]> {
  const { trustedKeys, allowUnsigned, policy, probes } = settings;
  return [
    ...(await keysFindings(trustedKeys, allowUnsigned)),
    ...(await fileFindings('policy', policy, readHostPolicy)),
    ...(await fileFindings('probes', probes, readHostProbes)),
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

async function fileFindings(
  what: string,
  path: string | undefined,
  read: (path: string) => Promise<unknown>,
): Promise<Finding[]> {
  if (path === undefined) return [];
  try {
    await read(path);
    return [ok(`the ${what} in ${path} can be read`)];
  } catch (error) {
    return [refused(error)];
  }
}

function refused(error: unknown): Finding {
  if (!(error instanceof SettingsError)) throw error;
  return failure(error.message, 'the worker will not start with it: mend the file');
}
