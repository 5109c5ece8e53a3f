import type { GateLook, GateRules } from '../contract/rollouts/gates.ts';
import { readGates } from './gates-file.ts';
import { lookAtGates } from './look-at-gates.ts';

/**
 * The gates of a file, ready for a rollout.
 *
 * @param path - YAML; paths in it are relative to it
 * @throws {@link SettingsError} that says what is wrong with the file
 *
 * @example
 * ```ts
 * await writeFile('/tmp/gates.yaml', 'gates: [{ name: own check, command: ["true"] }]');
 * const gates = await watchGates('/tmp/gates.yaml');
 * const { status } = await fleet.rollout({ ruleset, whom: { hosts: ['web-1'] }, gates });
 * console.log(status); // completed
 * ```
 */
export async function watchGates(path: string): Promise<{
  rules: GateRules;
  look: (signal?: AbortSignal) => Promise<GateLook[]>;
}> {
  const gates = await readGates(path);
  return { rules: gates.rules, look: async (signal) => await lookAtGates(gates, signal) };
}
