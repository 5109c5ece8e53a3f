import type { RunCommand } from '../job/command.ts';

const TIMEOUT_MS = 30_000;

/**
 * The definition of one ipset as `ipset restore` takes it, without its members; the empty text if there is no such
 * set. `ipset list -terse` is read because `ipset save` always has the members, of which there may be 100,000.
 */
export async function readSetDefinition(
  name: string,
  ipset: string,
  prefix: readonly string[],
  run: RunCommand,
): Promise<string> {
  const [file, ...args] = [...prefix, ipset, 'list', '-terse', name];
  const { exitCode, stdout } = await run({ file, args, timeoutMs: TIMEOUT_MS });
  const type = /^Type: (\S+)$/m.exec(stdout)?.[1];
  if (exitCode !== 0 || type === undefined) return '';
  const header = /^Header: (.*)$/m.exec(stdout)?.[1] ?? '';
  return `create ${name} ${type} ${header}\n`;
}

/** Makes sets by their definitions. */
export async function createSets(
  definitions: string,
  ipset: string,
  prefix: readonly string[],
  run: RunCommand,
): Promise<void> {
  const [file, ...args] = [...prefix, ipset, 'restore'];
  const { exitCode, stderr } = await run({ file, args, input: definitions, timeoutMs: TIMEOUT_MS });
  if (exitCode !== 0) throw new Error(`${ipset} cannot make the sets of the host again: ${stderr.trim()}`);
}
