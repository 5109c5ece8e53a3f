import { FAMILIES } from '../../contract/words/identifiers.ts';
import type { AppendedHook } from '../../ruleset/plan/claims.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { HOOK_ORDER } from '../../ruleset/wanted/hook-order.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { RulesetRecord } from '../ports/stores.ts';

type Wanted = PerFamily<Map<string, WantedTable>>;

/**
 * The hooks of a ruleset that are put last in their chains, with their places among those of all rulesets: one that is live stays where it
 * is, and a new one comes behind all others. A boot has to know that, as no order of names says it.
 *
 * @param others the records of all other rulesets of the host
 */
export function appendedHooks(
  wanted: Wanted,
  record: RulesetRecord | undefined,
  others: readonly RulesetRecord[],
): AppendedHook[] {
  const live = record?.live == null ? [] : record.appended;
  const all = [...live, ...others.flatMap(({ appended }) => appended)];
  let last = Math.max(0, ...all.map(({ order }) => order));
  return FAMILIES.flatMap((family) =>
    [...wanted[family].values()].flatMap(({ name: table, hooks }) =>
      hooks
        .filter(({ position }) => position !== 'first')
        .map(({ rule: { text } }) => {
          const known = live.find((one) => one.family === family && one.table === table && one.text === text);
          return { family, table, text, order: known?.order ?? (last += 1) };
        }),
    ),
  );
}

/** The lines by which the script that loads boot files puts appended hooks in their order. iptables takes them for comments. */
export function hookLines(appended: readonly AppendedHook[]): PerFamily<string> {
  return perFamily((family) =>
    appended
      .filter((hook) => hook.family === family)
      .map(({ order, table, text }) => `${HOOK_ORDER}${order} ${table} ${text}\n`)
      .join(''),
  );
}

/** Rulesets in the order in which their hooks were appended, for who puts several back. */
export function inOrderOfHooks<T extends { record: Pick<RulesetRecord, 'appended'> }>(
  rulesets: readonly T[],
): T[] {
  const first = ({ record: { appended } }: T) => Math.min(...appended.map(({ order }) => order));
  return rulesets.toSorted((one, other) => {
    const [a, b] = [first(one), first(other)];
    return a === b ? 0 : a - b;
  });
}
