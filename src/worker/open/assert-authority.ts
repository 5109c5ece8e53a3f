import { SetupError } from '../../config/setup-error.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { HostPolicy } from '../../contract/jobs/host-policy.ts';

/** Checks that the settings say who may command the host. @throws {SetupError} if they do not */
export function assertAuthority(
  { allowUnsigned, trustedKeys }: WorkerSettings,
  { signatures }: HostPolicy,
): void {
  const { signers, rulesets, lists } = signatures;
  const wantsSigners = signers > 1 || rulesets.length > 0 || lists.length > 0;
  if (wantsSigners && trustedKeys === undefined) {
    throw new SetupError(
      'the policy wants several signers, and FLEETWALL_TRUSTED_KEYS is not set: name a JWKS file with their keys',
    );
  }
  if (allowUnsigned || trustedKeys !== undefined) return;
  throw new SetupError(
    'FLEETWALL_TRUSTED_KEYS is not set: the worker would take jobs from anybody who can publish on the broker; name a JWKS file, or set FLEETWALL_ALLOW_UNSIGNED to true if that is meant',
  );
}
