import { execa } from 'execa';

/**
 * The network of the demo: a hub with the broker, and a namespace for each host, with a cable to the hub. All traffic
 * between a host's worker and the broker passes the firewall that the worker manages.
 */
export const HUB = 'fwdemo-hub';
export const HUB_ADDRESS = '10.77.0.1';

export function namespaceOf(host: string): string {
  return `fwdemo-${host}`;
}

export async function makeHub(): Promise<void> {
  await ip('netns', 'add', HUB);
  await ip('-n', HUB, 'link', 'set', 'lo', 'up');
  await ip('-n', HUB, 'link', 'add', 'br0', 'type', 'bridge');
  await ip('-n', HUB, 'address', 'add', `${HUB_ADDRESS}/24`, 'dev', 'br0');
  await ip('-n', HUB, 'link', 'set', 'br0', 'up');
}

export async function plugIn(host: string, index: number): Promise<void> {
  const namespace = namespaceOf(host);
  const port = `to-${host}`;
  await ip('netns', 'add', namespace);
  await ip('-n', HUB, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await ip('-n', HUB, 'link', 'set', port, 'master', 'br0', 'up');
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  await ip('-n', namespace, 'address', 'add', `10.77.0.${11 + index}/24`, 'dev', 'eth0');
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
}

/** The program and arguments that run a command in a namespace. */
export function inside(namespace: string, ...command: string[]): [string, ...string[]] {
  return ['nsenter', `--net=/run/netns/${namespace}`, '--', ...command];
}

export async function removeNetwork(hosts: readonly string[]): Promise<void> {
  const { stdout } = await execa('ip', ['netns', 'list']);
  const there = new Set(stdout.split('\n').map((line) => line.split(' ', 1)[0] ?? ''));
  for (const namespace of [...hosts.map(namespaceOf), HUB]) {
    if (there.has(namespace)) await ip('netns', 'delete', namespace);
  }
}

async function ip(...args: string[]): Promise<void> {
  await execa('ip', args);
}
