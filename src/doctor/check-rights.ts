import { missingRights, NEEDED } from '../host/rights.ts';
import { type Finding, failure, ok } from './finding.ts';

/** The capabilities of this process. A worker that is started in the same way has the same. */
export async function examineRights(): Promise<Finding[]> {
  const missing = await missingRights();
  if (missing.length === 0) return [ok(NEEDED.map(({ name }) => name).join(', '))];
  const names = missing.map(({ name, why }) => `${name} (${why})`).join(', ');
  const flags = missing.map(({ name }) => `--cap-add ${name.replace('CAP_', '')}`).join(' ');
  return [
    failure(
      `missing: ${names}`,
      `run it as root; in a container, with ${flags}; in a unit of systemd, with them in CapabilityBoundingSet`,
    ),
  ];
}
