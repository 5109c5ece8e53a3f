import { FAMILIES } from '../../contract/words/identifiers.ts';
import type { RouteTo, Way } from '../../job/ports/packets.ts';
import type { RunThere } from './host-picture.ts';

/** A packet of which the host is asked for the route. */
type Asked = Pick<Way, 'to'> & Partial<Way>;

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
    const answers = stdout.split('\n').flatMap(readAnswer);
    for (const one of own) {
      const answer = answers.find((other) => isAnswerTo(other, one));
      if (answer !== undefined) routes.push([one, answer.route]);
    }
  }
  return routes;
}

interface Answer extends Asked {
  route: RouteTo;
}

function readAnswer(line: string): Answer[] {
  const [, type, to, from, device] =
    /^(?:(local|broadcast|multicast) )?([0-9a-f.:]+) (?:from ([0-9a-f.:]+) )?.*?\bdev (\S+)/.exec(line) ?? [];
  if (to === undefined || device === undefined) return [];
  const [, by] = /\biif (\S+)/.exec(line) ?? [];
  const route = { device, isBroadcast: type === 'broadcast' };
  return [{ to, route, ...(from === undefined ? {} : { from }), ...(by === undefined ? {} : { by }) }];
}

/** The kernel may write an address otherwise than it was asked. */
function isAnswerTo({ to, from, by }: Answer, asked: Asked): boolean {
  if (!sameAddress(to, asked.to) || (by ?? null) !== (asked.by ?? null)) return false;
  // Of IPv6 it says that a packet comes from nobody, where it was not asked.
  if (asked.from === undefined) return from === undefined || from === '::';
  return from !== undefined && sameAddress(from, asked.from);
}

function sameAddress(one: string, other: string): boolean {
  return one === other || new URL(`http://[${asV6(one)}]/`).host === new URL(`http://[${asV6(other)}]/`).host;
}

function asV6(address: string): string {
  return address.includes(':') ? address : `::ffff:${address}`;
}
