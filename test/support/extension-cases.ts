import { readCases } from './extensions/results.ts';

export { scriptOf as scriptOfNeeds } from './extensions/needs.ts';
export type { ExtensionCase } from './extensions/results.ts';
export type { Need } from './extensions/setting.ts';

/**
 * Rules for every option of every match and target that Debian 12's iptables has, each with what bare iptables 1.8.9
 * was seen to do with it. They are made from the extensions' own list of options, and the results are written down by
 * `extensions/try-all.ts`.
 */
export const EXTENSION_CASES = readCases();
