import { execa } from 'execa';

/**
 * Words of commands whose bytes may be any, a character for each byte: Node would make UTF-8 of them. They are sent
 * as a script to a shell, which also saves the start of a process from Node for each command.
 */
export function commandOf(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

export interface ScriptEnd {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a script in a network namespace, a character for each byte here and in what it prints. */
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
