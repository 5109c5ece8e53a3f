import type { CommandResult } from '../../host/command.ts';
import {
  type HostAddress,
  type HostInterface,
  type HostPicture,
  PacketsUnavailable,
} from '../../job/ports/packets.ts';

/** Runs a program in the host's network namespace. */
export type RunThere = (program: string, args: readonly string[], input?: string) => Promise<CommandResult>;

const GLOBAL_SETTINGS = [
  'ipv4/icmp_echo_ignore_all',
  'ipv4/ip_forward',
  'ipv4/fwmark_reflect',
  'ipv4/tcp_fwmark_accept',
  'ipv6/fwmark_reflect',
  'ipv6/icmp/echo_ignore_all',
  'netfilter/nf_conntrack_tcp_loose',
  'netfilter/nf_conntrack_tcp_be_liberal',
];
const SETTINGS_OF_INTERFACES = [
  'ipv4/conf/IF/forwarding',
  'ipv4/conf/IF/ignore_routes_with_linkdown',
  'ipv4/conf/IF/rp_filter',
  'ipv4/conf/IF/accept_local',
  'ipv4/conf/IF/route_localnet',
  'ipv4/conf/IF/src_valid_mark',
  'ipv6/conf/IF/disable_ipv6',
  'ipv6/conf/IF/forwarding',
  'ipv6/conf/IF/ignore_routes_with_linkdown',
];
const SYS = '/proc/sys/net/';

/** Reads by what packets go on the host. @throws {PacketsUnavailable} */
export async function readPicture(ip: string, run: RunThere): Promise<HostPicture> {
  const ask = async (args: readonly string[], input?: string) => {
    const result = await run(ip, args, input);
    if (result.exitCode === 0) return result.stdout;
    throw new PacketsUnavailable(
      `the network of the host cannot be read: ip ${args.join(' ')}: ${result.stderr.trim()}`,
    );
  };
  const waysOf = async (...options: readonly string[]) =>
    (await ask([...options, '-o', '-batch', '-'], 'route show table all\nrule show\n'))
      .split('\n')
      .filter((line) => line.trim() !== '');
  const [links, ways4, ways6] = await Promise.all([
    ask(['-json', 'address', 'show']),
    waysOf('-4'),
    // A kernel without IPv6 has none.
    waysOf('-6', '-force').catch((): string[] => []),
  ]);
  const interfaces = (JSON.parse(links || '[]') as IpLink[]).map(readLink);
  return {
    interfaces,
    routes: { ipv4: ways4.filter(isRoute), ipv6: ways6.filter(isRoute) },
    rules: { ipv4: ways4.filter(isRule), ipv6: ways6.filter(isRule) },
    settings: await readSettings(
      interfaces.map(({ name }) => name),
      run,
    ),
  };
}

/** A rule begins with its number: `32766:	from all lookup main`. */
function isRule(line: string): boolean {
  return /^\d+:\s/.test(line);
}

function isRoute(line: string): boolean {
  return !isRule(line);
}

interface IpLink {
  ifname: string;
  flags: string[];
  addr_info?: IpAddress[];
}

interface IpAddress {
  family: string;
  local: string;
  address?: string;
  prefixlen: number;
  scope: string;
  metric?: number;
  noprefixroute?: boolean;
  preferred_life_time?: number;
}

function readLink({ ifname, flags, addr_info: addresses = [] }: IpLink): HostInterface {
  return {
    name: ifname,
    isUp: flags.includes('UP'),
    hasCarrier: flags.includes('LOWER_UP'),
    addresses: addresses
      .filter(({ family, local }) => (family === 'inet' || family === 'inet6') && local !== undefined)
      .map(
        ({ local, address, prefixlen, ...of }): HostAddress => ({
          family: of.family === 'inet' ? 'ipv4' : 'ipv6',
          address: local,
          prefixLength: prefixlen,
          peer: address ?? null,
          isGlobal: of.scope === 'global',
          options: optionsOf(of),
        }),
      ),
  };
}

/** An IPv6 address has the scope that it says itself. */
function optionsOf({
  family,
  scope,
  metric,
  noprefixroute,
  preferred_life_time: lifetime,
}: Omit<IpAddress, 'local' | 'prefixlen'>): string {
  return [
    ...(family === 'inet' ? [`scope ${scope}`] : []),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
    ...(noprefixroute === true ? ['noprefixroute'] : []),
    // Deprecated: the kernel takes another one as a source if it can.
    ...(lifetime === 0 ? ['preferred_lft 0'] : []),
  ].join(' ');
}

async function readSettings(interfaces: readonly string[], run: RunThere): Promise<Map<string, string>> {
  const own = ['all', 'default', ...interfaces].flatMap((name) =>
    SETTINGS_OF_INTERFACES.map((path) => path.replace('IF', () => name)),
  );
  // What a kernel does not have is left out (-s).
  const { stdout } = await run('/bin/grep', [
    '-sH',
    '',
    ...[...GLOBAL_SETTINGS, ...own].map((path) => SYS + path),
  ]);
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const end = line.lastIndexOf(':');
      return end === -1 ? [] : [[line.slice(SYS.length, end), line.slice(end + 1)] as const];
    }),
  );
}
