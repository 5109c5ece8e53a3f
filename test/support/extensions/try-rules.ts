import type { Need } from './setting.ts';
import { type Place, TrialNamespace } from './trial-namespace.ts';

/** What iptables by itself does with a rule in a fresh namespace. */
export type Outcome =
  | { accepted: false; error: string }
  /** `saved` is what iptables-save prints of the rule, without its chain. */
  | { accepted: true; saved: string; broken: Breakage | null };

/**
 * Why the saved text is not the rule: a restore has `refused` it; it is saved again as another `text`; it is the same text and
 * yet another rule in the `kernel`; or the table accepts no change any more, which is `stuck`.
 */
export type Breakage = 'refused' | 'text' | 'kernel' | 'stuck';

const AT_ONCE = 64;

/** Tries rules of one chain, and their saved texts, in a few namespaces for all of them. */
export async function tryRules(
  place: Place,
  rules: readonly string[],
  needs: readonly Need[],
): Promise<Outcome[]> {
  const made: TrialNamespace[] = [];
  const fresh = async (): Promise<TrialNamespace> => {
    const namespace = await TrialNamespace.create(place, needs);
    made.push(namespace);
    return namespace;
  };
  try {
    const sent = await fresh();
    const errors = await addEach(sent, rules);
    const accepted = rules.filter((_, at) => errors[at] === null);
    const saved = await sent.save();
    // The legacy variant sends the whole table back with each change. If the kernel refuses a rule in the form in which it shows
    // it, nothing is accepted after it, and that other rules were refused says nothing about them.
    const stuck = await sent.changeChains();
    if (stuck !== null && rules.length > 1) throw new Error(`a rule is to be tried alone: ${stuck}`);
    const breakages =
      stuck === null ? await restoreEach(accepted, sent, await fresh(), await fresh()) : (['stuck'] as const);
    let next = 0;
    return errors.map((error): Outcome => {
      if (error !== null) return { accepted: false, error };
      const at = next++;
      return { accepted: true, saved: saved[at] ?? '', broken: breakages[at] ?? null };
    });
  } finally {
    for (const namespace of made) await namespace.remove();
  }
}

/** For each accepted rule, whether it stays the same when it is saved and restored (`null`), or how it breaks. */
async function restoreEach(
  accepted: readonly string[],
  sent: TrialNamespace,
  again: TrialNamespace,
  restored: TrialNamespace,
): Promise<(Breakage | null)[]> {
  const saved = await sent.save();
  const kernel = await sent.kernel();
  // In reverse order, so that each rule gets memory that held another rule before.
  const reversed = accepted.toReversed();
  expectAll(reversed, await addEach(again, reversed));
  const kernelAgain = (await again.kernel()).toReversed();
  expectCount(accepted, saved, kernel, kernelAgain);

  const refusals = await addEach(restored, saved);
  const back = saved.filter((_, at) => refusals[at] === null);
  const savedBack = await restored.save();
  const kernelBack = await restored.kernel();
  expectCount(back, savedBack, kernelBack);

  let next = 0;
  return saved.map((text, at): Breakage | null => {
    if (refusals[at] !== null) return 'refused';
    const backAt = next++;
    if (savedBack[backAt] !== text) return 'text';
    return isSame(kernel[at], kernelAgain[at], kernelBack[backAt]) ? null : 'kernel';
  });
}

/** Adds every rule that can be added, in order. @returns the error for each, or `null` */
async function addEach(namespace: TrialNamespace, rules: readonly string[]): Promise<(string | null)[]> {
  const errors: (string | null)[] = [];
  for (let at = 0; at < rules.length; at += AT_ONCE) {
    errors.push(...(await addHalves(namespace, rules.slice(at, at + AT_ONCE))));
  }
  return errors;
}

async function addHalves(namespace: TrialNamespace, rules: readonly string[]): Promise<(string | null)[]> {
  const error = await namespace.add(rules);
  if (error === null) return rules.map(() => null);
  if (rules.length === 1) return [error];
  const middle = Math.ceil(rules.length / 2);
  return [
    ...(await addHalves(namespace, rules.slice(0, middle))),
    ...(await addHalves(namespace, rules.slice(middle))),
  ];
}

/** Ignores bytes that differ between two copies of the same rule: they are left over in memory, and mean nothing. */
function isSame(rule = '', sameRule = '', other = ''): boolean {
  if (rule.length !== other.length) return false;
  for (let at = 0; at < rule.length; at += 1) {
    if (rule[at] !== other[at] && rule[at] === sameRule[at]) return false;
  }
  return true;
}

function expectAll(rules: readonly string[], errors: readonly (string | null)[]): void {
  const refused = rules.flatMap((rule, at) => (errors[at] === null ? [] : [`${rule}: ${errors[at]}`]));
  if (refused.length > 0) throw new Error(`in the other order these are refused:\n${refused.join('\n')}`);
}

function expectCount(...lists: readonly (readonly string[])[]): void {
  const counts = lists.map((list) => list.length);
  if (new Set(counts).size > 1) throw new Error(`rules were lost or made: ${counts.join(', ')}`);
}
