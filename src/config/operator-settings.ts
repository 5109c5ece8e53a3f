import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { Timestamp } from '../contract/words/identifiers.ts';
import { readYamlSettings } from './read-yaml.ts';

export const OPERATOR_FILE = '/etc/fleetwall/operator.yaml';
const Freeze = z
  .strictObject({ from: Timestamp, to: Timestamp, reason: z.string().min(1) })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), 'must have a from that is before its to');
const OperatorSettings = z.strictObject({ freeze: z.array(Freeze).default([]) });
type OperatorSettings = z.infer<typeof OperatorSettings>;

/** @param named the default file, if it is there, where none is named @throws {SettingsError} */
export async function loadOperatorSettings(named: string | undefined): Promise<OperatorSettings> {
  const path = named ?? OPERATOR_FILE;
  if (named === undefined && !(await isThere(path))) return { freeze: [] };
  return await readYamlSettings(path, OperatorSettings);
}

/** One that cannot be looked at is there: a freeze must not go unseen. */
async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
