import { type RulesetTest, readExpectation } from '../../contract/jobs/ruleset-test.ts';
import type { HostPicture, Packets, RouteTo, Way } from '../ports/packets.ts';
import { kernelSpelling } from './kernel-spelling.ts';

/** What is known of the host, for its tests. */
export interface Ground {
  picture: HostPicture;
  routes: ReadonlyMap<string, RouteTo>;
  /** Where the host chooses by more than where a packet goes. */
  ways: readonly (readonly [Way, RouteTo])[];
}

/** A rule of `ip rule` that is for all packets. */
const FOR_ALL = /^\d+:\s+from all lookup \S+\s*$/;

/** The addresses of tests, of which the routes have to be known. */
export function addressesOf(tests: readonly RulesetTest[]): string[] {
  const all = tests.flatMap(({ from, to, expect }) => {
    const there = translatedTo(expect);
    return [from, to, there].filter((address) => address !== undefined);
  });
  return [...new Set(all.map(kernelSpelling))];
}

/** Asks the host for what its routes do not say by themselves, if it has rules that choose among them. */
export async function groundOf(
  tests: readonly RulesetTest[],
  known: Pick<Ground, 'picture' | 'routes'>,
  packets: Packets,
): Promise<Ground> {
  const { ipv4, ipv6 } = known.picture.rules;
  if ([...ipv4, ...ipv6].every((rule) => FOR_ALL.test(rule))) return { ...known, ways: [] };
  return { ...known, ways: await packets.routesOf(tests.flatMap((test) => waysOf(test, known))) };
}

/** The route to an address, for what comes from another one, by an interface or from the host itself (`null`). */
export function routeOf(
  to: string,
  { routes, ways }: Ground,
  from: string | undefined,
  by: string | null,
): RouteTo | undefined {
  const known = ways.find(([way]) => way.to === to && way.from === from && way.by === by);
  return known?.[1] ?? routes.get(to);
}

function waysOf(test: RulesetTest, { picture, routes }: Pick<Ground, 'picture' | 'routes'>): Way[] {
  if (test.from === undefined) return [];
  const from = kernelSpelling(test.from);
  const targets = [test.to, translatedTo(test.expect)].flatMap((to) =>
    to === undefined ? [] : [kernelSpelling(to)],
  );
  if (test.direction === 'out') return targets.map((to) => ({ to, from, by: null }));
  const by = test.in ?? routes.get(from)?.device ?? null;
  if (by !== null && !picture.interfaces.some(({ name }) => name === by)) return [];
  return targets.map((to) =>
    // What is for the host itself comes by where the answer goes.
    routes.get(to)?.device === 'lo' ? { to: from, from: to, by: null } : { to, from, by },
  );
}

function translatedTo(expect: string): string | undefined {
  const expected = readExpectation(expect);
  return typeof expected === 'object' && expected.kind === 'dnat' ? expected.address : undefined;
}
