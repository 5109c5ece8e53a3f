import { execa } from 'execa';

/**
 * A command whose words may contain any bytes, one character for each byte: Node itself would encode them as UTF-8. It is sent
 * as a script to a shell, which also saves starting a process from Node for each command.
 */
export function commandOf(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

export interface ScriptEnd {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a script in a network namespace; the script and its output have one character for each byte. */
export async function runScript(namespace: string, script: string): Promise<ScriptEnd> {
  const inside = await execa('nsenter', [`--net=/run/netns/${namespace}`, '--', 'bash', '-s'], {
    input: Buffer.from(script, 'latin1'),
    encoding: 'latin1',
    stripFinalNewline: false,
    reject: false,
    env: { LC_ALL: 'C' },
    maxBuffer: 1 << 30,
  });
  if (inside.exitCode === undefined) throw new Error(inside.shortMessage);
  return { status: inside.exitCode, stdout: inside.stdout, stderr: inside.stderr };
}
