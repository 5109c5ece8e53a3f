import type { Jump } from '../model.ts';
import type { RuleOption } from './read-options.ts';

/** Returns where a rule jumps to, by its options; `null`: nowhere. iptables accepts only one jump. */
export function jumpOf(options: readonly RuleOption[]): Jump | null {
  const found = options.find(({ owner, name }) => owner === 'iptables' && (name === 'j' || name === 'g'));
  const target = found?.values[0];
  return target === undefined ? null : { target, isGoto: found?.name === 'g' };
}
