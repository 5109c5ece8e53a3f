import { readdir, readFile } from 'node:fs/promises';
import { type Examined, type Finding, ok, runInside, warning } from './finding.ts';
import { isThere } from './is-there.ts';
import { MANAGERS, type Traces } from './known-managers.ts';

const BOOT_RULES = ['/etc/iptables/rules.v4', '/etc/iptables/rules.v6', '/etc/sysconfig/iptables'];

/** Who else writes firewall rules here, and how to get along with them. */
export async function examineManagers(host: Examined): Promise<Finding[]> {
  const traces = await readTraces(host);
  const findings = MANAGERS.flatMap(({ name, seenIn, advice, isAtOdds }) => {
    const seen = seenIn(traces);
    if (seen === null) return [];
    return [isAtOdds ? warning(`${name} (${seen})`, advice) : ok(`${name} (${seen})`, advice)];
  });
  for (const path of BOOT_RULES) {
    if (!(await isThere(path))) continue;
    findings.push(
      warning(
        `${path} is loaded at boot`,
        'if it was saved while rulesets were live, they are in there as they were then: take them out, and leave them to boot/load of the state folder',
      ),
    );
  }
  return findings.length === 0 ? [ok('none was seen')] : findings;
}

async function readTraces(host: Examined): Promise<Traces> {
  const { programs } = host;
  const saves = await Promise.all(
    [programs.save.ipv4, programs.save.ipv6].map((file) => runInside(host, file, [])),
  );
  const chains = saves.flatMap((save) =>
    save.split('\n').flatMap((line) => (line.startsWith(':') ? [line.slice(1, line.indexOf(' '))] : [])),
  );
  const nft = programs.nft === null ? '' : await runInside(host, programs.nft, ['list', 'tables']);
  const tables = nft.split('\n').filter((line) => line !== '');
  return { chains, tables, processes: await processNames() };
}

/** The names of all running processes; in a container, only its own are seen. */
async function processNames(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const names = pids.map(async (pid) => await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''));
  return (await Promise.all(names)).map((name) => name.trim());
}
