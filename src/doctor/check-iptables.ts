import type { Programs } from '../netfilter/tables/programs.ts';
import { type Examined, type Finding, ok, warning } from './finding.ts';

/** The variant and version of iptables, what is known of that version, and whether ipset and nft are missing. */
export async function examineIptables({ programs }: Examined): Promise<Finding[]> {
  const { backend, version, restore, ipset, nft } = programs;
  const findings = [ok(`${backend}, version ${version} (${restore.ipv4})`), ...knownDefects(programs)];
  if (ipset === null) {
    findings.push(
      warning(
        'ipset is not installed',
        'rules with sets, and jobs of lists of addresses, are refused: install the package ipset',
      ),
    );
  }
  if (nft === null && backend === 'nft') {
    findings.push(
      warning(
        'nft is not installed',
        'it cannot be told whether a table has rules that iptables cannot give back, nor who makes a drift: install the package nftables',
      ),
    );
  }
  return findings;
}

/** Defects of this version: they were found by running such versions. */
export function knownDefects({ backend, version }: Pick<Programs, 'backend' | 'version'>): Finding[] {
  const at = numberOf(version);
  if (at === null) {
    return [warning(`the version ${version} is not one that is known`, 'fleetwall was tried with 1.8.9')];
  }
  const is = (from: string, to: string) => (numberOf(from) ?? 0) <= at && at <= (numberOf(to) ?? 0);
  const findings: Finding[] = [];
  if (at < (numberOf('1.8.0') ?? 0)) {
    findings.push(
      warning('this version is older than 1.8', 'fleetwall was not tried with it: update iptables'),
    );
  } else if (backend === 'legacy' && at < (numberOf('1.8.6') ?? 0)) {
    findings.push(
      warning(
        'this version knows one lock file only',
        'other programs wait while rules are rehearsed: update to 1.8.6 or newer',
      ),
    );
  }
  if (backend === 'nft' && is('1.8.5', '1.8.8')) {
    findings.push(
      warning(
        'this version names the COMMIT line for whatever rule is refused',
        'fleetwall shows the true line all the same, which takes longer: update to 1.8.9 or newer',
      ),
    );
  }
  if (backend === 'legacy' && is('1.8.8', '1.8.10')) {
    findings.push(
      ok(
        'this version waits for the xtables lock for ever, unless it is told for how long',
        'fleetwall tells it; scripts of your own should, too (-w SECONDS)',
      ),
    );
  }
  return findings;
}

function numberOf(version: string): number | null {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? null : (Number(major) * 1000 + Number(minor)) * 1000 + Number(patch);
}
