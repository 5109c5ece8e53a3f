import type { ProbeSender } from '../../ruleset/trial/packets.ts';
import { holds } from './choose.ts';
import type { Condition, Conditions } from './conditions.ts';

const MOST_ID = 2 ** 32 - 2;

/** Who may send a packet, as far as conditions ask for that; `null`: nobody can. */
export function chooseSender({ uids, gids, macs }: Conditions): ProbeSender | null {
  const [uid, gid] = [chooseId(uids), chooseId(gids)];
  const mac = chooseMac(macs);
  if (uid === null || gid === null || mac === null) return null;
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mac === undefined ? {} : { mac }),
  };
}

/** @returns `undefined`: any will do */
function chooseId(conditions: readonly Condition<number>[]): number | null | undefined {
  if (conditions.length === 0) return undefined;
  const edges = conditions.flatMap(({ ranges, isNegated }) =>
    ranges.flatMap(({ first, last }) => (isNegated ? [first - 1, last + 1] : [first, last])),
  );
  const isId = (id: number) => id >= 0 && id <= MOST_ID;
  return edges.find((id) => isId(id) && conditions.every((one) => holds(one, id))) ?? null;
}

/** The address that a neighbour has by itself is none that rules are likely to speak of. */
function chooseMac(macs: Conditions['macs']): string | null | undefined {
  const wanted = macs.filter(({ isNegated }) => !isNegated).map(({ address }) => address);
  const [mac] = wanted;
  if (mac === undefined) return undefined;
  const isTaken = macs.every(({ address, isNegated }) => (address === mac) !== isNegated);
  return isTaken && isOfOneLink(mac) ? mac : null;
}

/** A link cannot have the address of a group, nor that of nobody. */
function isOfOneLink(mac: string): boolean {
  return Number.parseInt(mac, 16) % 2 === 0 && /[1-9a-f]/.test(mac);
}
