import type { AlertFleet, HostName } from './alert-fleet.ts';

const EDGE_REVISION = 1;
/** What is live and committed on each host when nothing is wrong. */
const EDGE = `name: edge
ipv4: |
  *filter
  :edge-in - [0:0]
  -A INPUT -j edge-in
  -A edge-in -s 192.0.2.1/32 -j DROP
  COMMIT
`;
const NO_PORT = EDGE.replace('-s 192.0.2.1/32', '-p tcp --dport 99999');

/** Has a host apply `edge`, or something else in its place. @returns the exit status, and what was printed */
export async function push(
  fleet: AlertFleet,
  host: HostName,
  more: readonly string[] = [],
  text = EDGE,
): Promise<string> {
  const { status, stdout, stderr } = await fleet.operator(
    ['push', '-', '--host', host, '--yes', ...more],
    text,
  );
  return `${status}: ${stdout}${stderr}`;
}

/** What the guide says for rules that are not as they were committed: the same content under the same revision. */
export async function pushSame(fleet: AlertFleet, host: HostName): Promise<void> {
  const { stdout } = await fleet.operator(['status', '--host', host]);
  const [, revision = String(EDGE_REVISION)] = /\bedge@(\d+)/.exec(stdout) ?? [];
  const printed = await push(fleet, host, ['--revision', revision]);
  if (!printed.startsWith('0:')) throw new Error(`the same revision was not taken: ${printed}`);
}

/** A push that a kernel refuses. */
export async function pushBad(fleet: AlertFleet, host: HostName): Promise<void> {
  await push(fleet, host, [], NO_PORT);
}

/** The same rules but for one address. */
export function edgeFor(address: number): string {
  return EDGE.replace('192.0.2.1/32', `192.0.2.${address}/32`);
}

/** Somebody else writes a rule into the chain. Each rule is another difference. */
export async function changeRules(fleet: AlertFleet, host: HostName, round: number): Promise<void> {
  const rule = ['edge-in', '-s', `198.51.100.${1 + (round % 250)}/32`, '-j', 'ACCEPT'];
  await fleet.host(host).namespace.iptables('-A', ...rule);
}
