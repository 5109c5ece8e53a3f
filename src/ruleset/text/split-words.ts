/**
 * Splits a rule line into words as `iptables-restore` does (`add_param_to_argv` in iptables/xshared.c, the same from 1.8.7 to
 * 1.8.11, both variants):
 * - Blanks, tabs and line feeds end a word. Several in a row count as one.
 * - A double quote opens wherever it stands. The closing quote ends the word: `"x"-j` is two words, and `""` is an empty word.
 * - A backslash is only special between quotes: the next character is taken as it stands.
 * - A quote that is never closed takes the whole rest of the line, with its line feed.
 *
 * @param line one character for each byte, without its line feed
 */
export function splitWords(line: string): string[] {
  // A quick way for most rules, which quote nothing. There are up to 200,000 of them.
  return line.includes('"') ? splitQuoted(`${line}\n`) : splitPlainly(line);
}

/** Says whether a line has a quote that is never closed. */
export function hasOpenQuote(line: string): boolean {
  return line.includes('"') && (splitWords(line).at(-1)?.endsWith('\n') ?? false);
}

function splitPlainly(line: string): string[] {
  return line.split(/[ \t\n]+/).filter((word) => word !== '');
}

function splitQuoted(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (isQuoted && character === '\\') {
      at += 1;
      word += line.charAt(at);
    } else if (character === '"') {
      if (isQuoted) {
        words.push(word);
        word = '';
      }
      isQuoted = !isQuoted;
    } else if (!isQuoted && (character === ' ' || character === '\t' || character === '\n')) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      word += character;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

/** Writes a word so that {@link splitWords} returns it unchanged. */
export function quoteWord(word: string): string {
  return /^[^ \t\n"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}
