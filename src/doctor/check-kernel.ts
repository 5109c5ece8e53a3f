import { release } from 'node:os';
import { FAMILIES, type Family } from '../contract/words/identifiers.ts';
import { readOwnStatus, SYS_ADMIN } from '../host/rights.ts';
import { RestoreFailed } from '../job/ports/firewall.ts';
import { NO_OBJECTS, RehearsalUnavailable } from '../job/ports/sandbox.ts';
import type { ScratchSandbox } from '../netfilter/sandbox/scratch-sandbox.ts';
import { type Examined, type Finding, failure, ok, warning } from './finding.ts';
import { withSandbox } from './with-sandbox.ts';

/** The extensions that most rulesets need, each in a rule that uses only this one. */
const EXTENSIONS: Record<string, { table: string; rule: string }> = {
  comment: { table: 'filter', rule: '-A INPUT -m comment --comment x -j ACCEPT' },
  conntrack: { table: 'filter', rule: '-A INPUT -m conntrack --ctstate NEW -j ACCEPT' },
  limit: { table: 'filter', rule: '-A INPUT -m limit --limit 1/sec -j ACCEPT' },
  multiport: { table: 'filter', rule: '-A INPUT -p tcp -m multiport --dports 1,2 -j ACCEPT' },
  LOG: { table: 'filter', rule: '-A INPUT -j LOG' },
  REJECT: { table: 'filter', rule: '-A INPUT -j REJECT' },
  MARK: { table: 'mangle', rule: '-A PREROUTING -j MARK --set-mark 1' },
  MASQUERADE: { table: 'nat', rule: '-A POSTROUTING -j MASQUERADE' },
};

/** Whether rules can be rehearsed, and which usual extensions this kernel takes: they are tried in a throwaway namespace. */
export async function examineKernel(host: Examined): Promise<Finding[]> {
  return await withSandbox(host, rehearseExtensions);
}

async function rehearseExtensions(sandbox: ScratchSandbox): Promise<Finding[]> {
  try {
    const refused = await refusedExtensions(sandbox);
    const tried = Object.keys(EXTENSIONS);
    const taken = tried.filter((name) => !FAMILIES.every((family) => refused.has(`${name} (${family})`)));
    const summary = ok(`${release()}; rehearsed in a throwaway namespace: ${taken.join(', ')}`);
    if (refused.size === 0) return [summary];
    const reasons = [...refused].map(([name, reason]) => `${name}: ${reason}`).join('; ');
    return [
      summary,
      warning(
        `not taken: ${reasons}`,
        'rulesets that need them will be refused: load the kernel modules, or install the package of your kernel that has them',
      ),
    ];
  } catch (error) {
    if (!(error instanceof RehearsalUnavailable)) throw error;
    return [failure(error.message, `no ruleset can be applied: ${await whatForbids()}`)];
  }
}

async function whatForbids(): Promise<string> {
  const { has, isFiltered } = await readOwnStatus();
  if (!has(SYS_ADMIN)) return 'give the worker CAP_SYS_ADMIN (in a container, --cap-add SYS_ADMIN)';
  return isFiltered
    ? 'it has CAP_SYS_ADMIN, but a filter of system calls (seccomp) is at work: let it call unshare and setns, by the profile of the container (--security-opt seccomp=FILE) or SystemCallFilter of the unit'
    : 'it has CAP_SYS_ADMIN: look at "sysctl user.max_net_namespaces", and at AppArmor or SELinux ("journalctl -k")';
}

/** The reason of each refusal, by extension and family. */
async function refusedExtensions(sandbox: ScratchSandbox): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  await sandbox.within(NO_OBJECTS, async (rehearsal) => {
    const attempt = async (name: string, family: Family, table: string, rule: string) => {
      try {
        await rehearsal.restore(family, `*${table}\n${rule}\nCOMMIT\n`);
      } catch (error) {
        if (!(error instanceof RestoreFailed)) throw error;
        refused.set(`${name} (${family})`, error.fault.message);
      }
    };
    for (const [name, { table, rule }] of Object.entries(EXTENSIONS)) {
      await Promise.all(FAMILIES.map((family) => attempt(name, family, table, rule)));
    }
  });
  return refused;
}
