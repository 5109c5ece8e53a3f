import { FAMILIES, type Family } from '../contract/words/identifiers.ts';
import { ENTRIES_A_STEP, type Steps } from '../steps.ts';
import { familyOf, hasEnded, type ListContent, type ListKind } from './content.ts';
import type { EntryChange } from './plan-delta.ts';
import { timeoutOf } from './timeout.ts';

/** The kernel's set of a list, which has the same name in rules. */
export function setName(list: string, family: Family): string {
  return `${PREFIX[family]}${list}`;
}

/** The set beside it, which is filled before the two are swapped, and has what was there afterwards. */
export function spareName(list: string, family: Family): string {
  return `${setName(list, family)}.2`;
}

const PREFIX = { ipv4: 'fw4.', ipv6: 'fw6.' } as const;
const KERNEL_FAMILY = { ipv4: 'inet', ipv6: 'inet6' } as const;
const SET_NAME = /^fw([46])\.([a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?)(\.2)?$/;

/** @returns `null` for a set that is not of a list */
export function listOfSet(set: string): { list: string; family: Family; isSpare: boolean } | null {
  const [, digit, list, spare] = SET_NAME.exec(set) ?? [];
  if (list === undefined) return null;
  return { list, family: digit === '4' ? 'ipv4' : 'ipv6', isSpare: spare !== undefined };
}

/** The least that ipset takes if nothing is said. */
const LEAST_HASH = 1_024;

/**
 * @param entries how many are about to be added: the kernel's table begins with a slot for each. It grows by itself, but as it would, or with four to a slot, half a
 * million are in it a tenth later
 */
export function createLine(set: string, family: Family, maxEntries: number, entries: number): string {
  let hash = LEAST_HASH;
  while (hash < entries) hash *= 2;
  return `create ${set} hash:net family ${KERNEL_FAMILY[family]} hashsize ${hash} maxelem ${maxEntries} timeout 0`;
}

/** What a line that adds has at most besides the name of the set: the longest network of IPv6, and the longest timeout. */
const MOST_BESIDE_NAME = 'add  ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124 timeout 2147483\n'.length;

/** The lines that fill both sets, in bytes. `nameOf` says which. */
export function* fillLines(
  content: ListContent,
  kind: ListKind | null,
  nameOf: (family: Family) => string,
  nowMs: number,
): Steps<Uint8Array> {
  const names = { ipv4: nameOf('ipv4'), ipv6: nameOf('ipv6') };
  // One text of half a million additions is as many objects, until it is made bytes; and of many small buffers some memory is not given back.
  const bytes = Buffer.allocUnsafe(content.size * (names.ipv6.length + MOST_BESIDE_NAME));
  let length = 0;
  let text = '';
  let count = 0;
  for (const [entry, until] of content) {
    if (!hasEnded(until, nowMs)) {
      const timeout = timeoutOf(until, kind, nowMs);
      text += `add ${names[familyOf(entry)]} ${entry}${timeout === 0 ? '' : ` timeout ${timeout}`}\n`;
    }
    count += 1;
    if (count % ENTRIES_A_STEP !== 0) continue;
    length += bytes.write(text, length, 'latin1');
    text = '';
    yield;
  }
  length += bytes.write(text, length, 'latin1');
  return bytes.subarray(0, length);
}

/** The lines that make changes in the live sets. Made again, they do no harm. */
export function changeLines(
  list: string,
  changes: readonly EntryChange[],
  kind: ListKind | null,
  nowMs: number,
): string {
  return changes
    .map(({ text, after }) => {
      const set = setName(list, familyOf(text));
      // What others have added may have a flag, which a deletion does not take.
      // Not added and deleted again, as ipset would print an error for what is not there.
      if (after === undefined || hasEnded(after, nowMs))
        return `del -exist ${set} ${text.split(' ', 1)[0]}\n`;
      // Always with a timeout: an entry that is there would else be one without an end.
      return `add -exist ${set} ${text} timeout ${timeoutOf(after, kind, nowMs)}\n`;
    })
    .join('');
}

/** The lines that put the sets of a list aside, or back. The kernel refuses it while a rule matches them. */
export function renameLines(list: string, families: readonly Family[], to: 'spare' | 'live'): string {
  return families
    .map((family) => {
      const names = [setName(list, family), spareName(list, family)];
      return `rename ${(to === 'spare' ? names : names.toReversed()).join(' ')}\n`;
    })
    .join('');
}

/** One line for both: the kernel swaps each pair at once, and a packet is of one family. */
export function swapLines(list: string): string {
  return FAMILIES.map((family) => `swap ${setName(list, family)} ${spareName(list, family)}\n`).join('');
}
