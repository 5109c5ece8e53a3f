/** Reading the options of one rule: just as much as ownership needs to know. */

/**
 * The words of a rule as `iptables-restore` splits them: at spaces, with double quotes around what holds some,
 * and `\` before a character that is meant as it stands (add_param_to_argv in iptables/xshared.c).
 * `null` if a quote is never closed.
 */
export function splitWords(spec: string): string[] | null {
  const words: string[] = [];
  let word = '';
  let started = false;
  let quoted = false;
  for (let at = 0; at < spec.length; at += 1) {
    const character = spec.charAt(at);
    if (quoted && character === '\\') {
      at += 1;
      word += spec.charAt(at);
    } else if (character === '"') {
      quoted = !quoted;
      started = true;
    } else if (!quoted && (character === ' ' || character === '\t')) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += character;
      started = true;
    }
  }
  if (quoted) return null;
  if (started) words.push(word);
  return words;
}

/** Options whose value is free text, and so may look like another option. */
const FREE_TEXT = new Set([
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--string',
  '--hex-string',
  '--name',
]);

/**
 * Everything in a rule that reads as the chain or target of a jump (`-j`, `-g`). A rule that iptables takes has
 * one at most; where a value only looks like a jump there are more, and whoever decides on them looks at all.
 */
export function jumpTargets(spec: string): string[] {
  const words = splitWords(spec) ?? [];
  const targets: string[] = [];
  for (const [index, word] of words.entries()) {
    if (FREE_TEXT.has(words[index - 1] ?? '')) continue;
    const jump = readJump(word);
    const target = jump?.value ?? (jump === null ? undefined : words[index + 1]);
    if (target !== undefined) targets.push(target);
  }
  return targets;
}

/** Whether a rule jumps to one of the chains. */
export function jumpsToAny(spec: string, chains: ReadonlySet<string>): boolean {
  // Most rules of a host do not even name one: to see that is far cheaper than to split them properly.
  return (
    spec.split(' ').some((word) => chains.has(word)) && jumpTargets(spec).some((target) => chains.has(target))
  );
}

function readJump(word: string): { value: string | null } | null {
  if (word.startsWith('--')) {
    const [name = '', value] = word.split('=', 2);
    // getopt_long takes any beginning of a long option that is its alone
    const known = name.length >= 4 && ('--jump'.startsWith(name) || '--goto'.startsWith(name));
    return known ? { value: value ?? null } : null;
  }
  if (!/^-[jg]/.test(word)) return null;
  return { value: word.length > 2 ? word.slice(2) : null };
}

/**
 * An option in a rule that does not speak of the rule but of the program that reads it: `--modprobe` would run
 * a program as root, `--table` write to another table. `null` if there is none.
 */
export function programOption(spec: string): string | null {
  const words = splitWords(spec) ?? spec.split(/[ \t]/);
  return words.find(isProgramOption) ?? null;
}

function isProgramOption(word: string): boolean {
  const [name = ''] = word.split('=', 1);
  if (name.length >= 5 && '--modprobe'.startsWith(name)) return true;
  if (name.length >= 4 && '--table'.startsWith(name)) return true;
  return /^-[tM]/.test(word);
}
