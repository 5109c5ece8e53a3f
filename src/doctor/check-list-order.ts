import { FAMILIES } from '../contract/words/identifiers.ts';
import { listOfSet } from '../list/set-lines.ts';
import { type Examined, type Finding, ok, runInside, warning } from './finding.ts';

/** A rule that matches a list, and that packets of open flows do not reach. */
interface LateList {
  list: string;
  /** The chain of the kernel's where both stand, or from where they are reached. */
  hook: string;
  /** The rule that lets open flows through before it. */
  accept: string;
}

const ADVICE =
  'a flow that is open when its address gets into the list goes on until it ends: put the rule that matches the list before it, or send entries with "cut" (--cut), which ends what is open';

/** Whether rules let open flows through before they look into a list. */
export async function examineListOrder(host: Examined): Promise<Finding[]> {
  const saves = await Promise.all(
    FAMILIES.map(async (family) => await runInside(host, host.programs.save[family], [])),
  );
  if (!saves.some((save) => MATCHES.test(save))) return [];
  const late = saves.flatMap(findLateLists);
  if (late.length === 0) return [ok('lists are matched before open flows are let through')];
  return late.map(({ list, hook, accept }) =>
    warning(`list ${list} is matched in ${hook} only behind "${accept}"`, ADVICE),
  );
}

const MATCHES = /--match-set (fw[46]\.\S+)/;
const LETS_OPEN_FLOWS_IN = /--(?:ct)?state \S*ESTABLISHED\S*.* -j ACCEPT\b/;
const HOOKS = ['INPUT', 'FORWARD'];

/** Goes through the rules of `iptables-save` as packets do, as far as that can be told without any packet. */
function findLateLists(save: string): LateList[] {
  const tables = readTables(save);
  const early = new Set(
    ['raw', 'mangle'].flatMap((table) =>
      walk(tables.get(table) ?? new Map(), 'PREROUTING').flatMap((rule) => listIn(rule) ?? []),
    ),
  );
  return HOOKS.flatMap((hook) => {
    const seen = new Set(early);
    const late: LateList[] = [];
    let accept: string | null = null;
    for (const rule of walk(tables.get('filter') ?? new Map(), hook)) {
      const list = listIn(rule);
      if (list !== null && !seen.has(list)) {
        if (accept !== null) late.push({ list, hook, accept });
        seen.add(list);
      }
      if (LETS_OPEN_FLOWS_IN.test(rule)) accept ??= rule;
    }
    return late;
  });
}

function listIn(rule: string): string | null {
  return listOfSet(MATCHES.exec(rule)?.[1] ?? '')?.list ?? null;
}

type Chains = Map<string, string[]>;

function readTables(save: string): Map<string, Chains> {
  const tables = new Map<string, Chains>();
  let chains: Chains = new Map();
  for (const line of save.split('\n')) {
    if (line.startsWith('*')) tables.set(line.slice(1), (chains = new Map()));
    const chain = /^-A (\S+) /.exec(line)?.[1];
    if (chain !== undefined) chains.set(chain, [...(chains.get(chain) ?? []), line]);
  }
  return tables;
}

/** The rules that packets may come by, in their order; those of each chain where it is first jumped to. */
function walk(chains: Chains, chain: string, been = new Set<string>()): string[] {
  if (been.has(chain)) return [];
  been.add(chain);
  return (chains.get(chain) ?? []).flatMap((rule) => {
    const target = / -[jg] (\S+)/.exec(rule)?.[1] ?? '';
    return [rule, ...walk(chains, target, been)];
  });
}
