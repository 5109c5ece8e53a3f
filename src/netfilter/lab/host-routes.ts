import { FAMILIES } from '../../contract/words/identifiers.ts';
import type { RouteTo } from '../../job/ports/packets.ts';
import type { RunThere } from './host-picture.ts';

/** A packet of which the host is asked for the route. */
interface Asked {
  to: string;
  from?: string | undefined;
  by?: string | null;
}

/** Where the host would send packets for addresses; those to which it has no route are left out. */
export async function readRoutes(
  addresses: readonly string[],
  ip: string,
  run: RunThere,
): Promise<Map<string, RouteTo>> {
  const asked = addresses.map((to): Asked => ({ to }));
  return new Map((await askRoutes(asked, ip, run)).map(([{ to }, route]) => [to, route]));
}

/** Where the host would send packets; those for which it has no route are left out. */
export async function askRoutes<T extends Asked>(
  asked: readonly T[],
  ip: string,
  run: RunThere,
): Promise<[T, RouteTo][]> {
  const routes: [T, RouteTo][] = [];
  for (const family of FAMILIES) {
    const own = asked.filter(({ to }) => to.includes(':') === (family === 'ipv6'));
    if (own.length === 0) continue;
    const lines = own.map(({ to, from, by }) =>
      ['route get', to, ...(from == null ? [] : ['from', from]), ...(by == null ? [] : ['iif', by])].join(
        ' ',
      ),
    );
    const { stdout } = await run(
      ip,
      [family === 'ipv4' ? '-4' : '-6', '-o', '-force', '-batch', '-'],
      `${lines.join('\n')}\n`,
    );
    const answers = new Map(stdout.split('\n').flatMap(readAnswer));
    for (const one of own) {
      const route = answers.get(keyOf(one));
      if (route !== undefined) routes.push([one, route]);
    }
  }
  return routes;
}

function readAnswer(line: string): [string, RouteTo][] {
  const [, type, to, from, device] =
    /^(?:(local|broadcast|multicast) )?([0-9a-f.:]+) (?:from ([0-9a-f.:]+) )?.*?\bdev (\S+)/.exec(line) ?? [];
  if (to === undefined || device === undefined) return [];
  const [, by] = /\biif (\S+)/.exec(line) ?? [];
  // Of IPv6 it says that a packet comes from nobody, where it was not asked.
  const asked = { to, from: from === '::' ? undefined : from, by: by ?? null };
  return [[keyOf(asked), { device, isBroadcast: type === 'broadcast' }]];
}

function keyOf({ to, from, by }: Asked): string {
  return [spelled(to), from === undefined ? '' : spelled(from), by ?? ''].join(' ');
}

/** The kernel may write an address otherwise than it was asked. */
function spelled(address: string): string {
  return new URL(`http://[${address.includes(':') ? address : `::ffff:${address}`}]/`).host;
}
