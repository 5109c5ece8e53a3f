import { type Command, Option } from 'commander';
import type { GateWatch } from '../../central/rollout/rollout-options.ts';
import type { GateRules } from '../../contract/rollouts/gates.ts';
import { watchGates } from '../../gates/watch-gates.ts';
import { recallGates, rememberGates } from '../files/remembered-gates.ts';

export interface GatesFlags {
  gates?: string;
}

export function withGatesOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--gates <file>',
      'what to look at before the first step, through each soak, and at its end: queries of Prometheus, pages, commands (YAML)',
    ),
  );
}

/** Those to begin with. @throws {SettingsError} */
export async function gatesOf({ gates: path }: GatesFlags): Promise<GateWatch | undefined> {
  if (path === undefined) return undefined;
  const watch = await watchGates(path);
  await rememberGates(watch.rules.digest, path);
  return watch;
}

/** Those of a rollout to go on with: of the file that is named, or of that which this user has begun it with. @throws {SettingsError} */
export async function gatesAgain(
  { gates: path }: GatesFlags,
  rules: GateRules | undefined,
): Promise<GateWatch | undefined> {
  if (rules === undefined) return undefined;
  const known = path ?? (await recallGates(rules.digest));
  return known === undefined ? undefined : await watchGates(known);
}
