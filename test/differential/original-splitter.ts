import { execa } from 'execa';
import { buildSplitter } from './build-splitter.ts';
import type { IptablesVersion } from './iptables-source.ts';

/** What iptables-restore makes of one line. Here and in the texts to be split, each character is a byte. */
export interface OriginalLine {
  /** Why it was refused; `words` then has what was read before that. `null`: it was not refused. */
  refused: string | null;
  words: string[];
  /** Whether each word was in quotes, as in `argvattr`. */
  quoted: boolean[];
}

export interface OriginalRule extends OriginalLine {
  /** `[packets:bytes]` in front of the rule. */
  counters: { packets: string; bytes: string } | null;
}

/**
 * Splits each text, with a line break after it, by iptables' own `add_param_to_argv`. Tens of thousands of texts in one call
 * take a few hundredths of a second. Split more of them in parts, as the answers take much memory.
 */
export async function splitByIptables(
  version: IptablesVersion,
  texts: readonly string[],
): Promise<OriginalLine[]> {
  return (await ask(version, 'words', texts)).map(({ refused, words, quoted }) => ({
    refused,
    words,
    quoted,
  }));
}

/** Does the same for lines that may begin with counters, which `tokenize_rule_counters` reads first. */
export async function readRulesByIptables(
  version: IptablesVersion,
  texts: readonly string[],
): Promise<OriginalRule[]> {
  return await ask(version, 'rule', texts);
}

async function ask(
  version: IptablesVersion,
  mode: 'words' | 'rule',
  texts: readonly string[],
): Promise<OriginalRule[]> {
  const program = await buildSplitter(version);
  const input = Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1');
  const { stdout } = await execa(program, [mode], {
    input,
    encoding: 'buffer',
    maxBuffer: Number.MAX_SAFE_INTEGER,
  });
  const answers = readAnswers(Buffer.from(stdout).toString('latin1'));
  if (answers.length !== texts.length)
    throw new Error(`${texts.length} texts, ${answers.length} answers: is there a NUL in a text?`);
  return answers;
}

function readAnswers(output: string): OriginalRule[] {
  const fields = output.split('\0');
  const answers: OriginalRule[] = [];
  // After the last NUL there is an empty string.
  for (let at = 0; at < fields.length - 1; ) {
    const [refused = '', packets = '', bytes = '', count = '0'] = fields.slice(at, at + 4);
    const words = fields.slice(at + 4, at + 4 + Number(count));
    answers.push({
      refused: refused === '' ? null : refused,
      counters: packets === '' ? null : { packets, bytes },
      words: words.map((word) => word.slice(1)),
      quoted: words.map((word) => word.startsWith('q')),
    });
    at += 4 + words.length;
  }
  return answers;
}
