/** What other programs leave behind on a host. */
export interface Traces {
  /** Names of chains of iptables. */
  chains: readonly string[];
  /** The lines of `nft list tables`, such as `table inet firewalld`. */
  tables: readonly string[];
  /** Names of processes; the kernel gives at most 15 characters of each. */
  processes: readonly string[];
}

interface Manager {
  name: string;
  /** The trace by which it is seen; `null`: there is none. */
  seenIn: (traces: Traces) => string | null;
  advice: string;
  /** Whether it also changes what is not its own, and so works against fleetwall. */
  isAtOdds: boolean;
}

function signs(process: string | null, chain: RegExp, table: RegExp | null = null): Manager['seenIn'] {
  return ({ processes, chains, tables }) => {
    const found = chains.find((name) => chain.test(name));
    if (found !== undefined) return `chain ${found}`;
    const owned = table === null ? undefined : tables.find((name) => table.test(name));
    if (owned !== undefined) return owned;
    return process !== null && processes.includes(process) ? `process ${process}` : null;
  };
}

/** The programs that are known. The names are those of current versions, which keep to chains with such names. */
export const MANAGERS: readonly Manager[] = [
  {
    name: 'docker',
    seenIn: signs('dockerd', /^DOCKER/, /docker-bridges/),
    advice:
      'hook into DOCKER-USER to be in front of published ports; never take the tables filter or nat whole',
    isAtOdds: false,
  },
  {
    name: 'kube-proxy',
    seenIn: signs('kube-proxy', /^KUBE-/, /kube-proxy/),
    advice:
      'hook into INPUT or FORWARD, leave the rest with RETURN, and use the variant of iptables that it uses',
    isAtOdds: false,
  },
  {
    name: 'Calico',
    seenIn: signs('calico-node', /^cali-/, /calico/),
    advice: 'it keeps its hooks in front: what must come before it belongs into its own policies',
    isAtOdds: false,
  },
  {
    name: 'Cilium',
    seenIn: signs('cilium-agent', /^(OLD_)?CILIUM_/),
    advice: 'much of its traffic does not come by iptables at all: try out what a rule really does',
    isAtOdds: false,
  },
  {
    name: 'libvirt',
    seenIn: signs('libvirtd', /^LIBVIRT_/, /libvirt_network/),
    advice: 'its guests are reached by FORWARD: leave what is theirs with RETURN',
    isAtOdds: false,
  },
  {
    name: 'fail2ban',
    seenIn: signs('fail2ban-server', /^f2b-/, /f2b-table/),
    advice: 'its chains are left as they are; what your ruleset accepts before them is not banned any more',
    isAtOdds: false,
  },
  {
    name: 'ufw',
    seenIn: signs(null, /^ufw6?-/),
    advice:
      'it sets the policies of INPUT and FORWARD, and writes its chains anew when it is reloaded: use one of the two',
    isAtOdds: true,
  },
  {
    name: 'firewalld',
    seenIn: signs('firewalld', /^(IN|FWD[IO]|PRE|POST)_public/, /table inet firewalld/),
    advice:
      'a reload of it flushes all rules of iptables where its backend is iptables, and with nftables it drops what your rules accept: use one of the two',
    isAtOdds: true,
  },
];
