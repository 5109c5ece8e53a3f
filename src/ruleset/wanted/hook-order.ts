/** Begins a line of a boot file that tells the place of an appended hook; behind it: its number, its table, its rule. */
export const HOOK_ORDER = '#hook ';
