/**
 * The words of a rule line, as `iptables-restore` splits them (`add_param_to_argv` in iptables/xshared.c, the same from 1.8.7
 * to 1.8.11, both variants):
 * - blanks, tabs and line feeds end a word, and several in a row are one end;
 * - a double quote opens wherever it stands; the closing one ends the word, so that `"x"-j` is two words and `""` is an
 *   empty one;
 * - a backslash is only special between quotes, and there means the next character as it stands;
 * - a quote that is never closed takes in all that is left of the line, its line feed too.
 *
 * @param line one character for each byte, without its line feed
 */
export function splitWords(line: string): string[] {
  // Most rules quote nothing, and there are up to 200,000 of them.
  return line.includes('"') ? splitQuoted(`${line}\n`) : splitPlainly(line);
}

/** Whether the last quote of a line is never closed. */
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

/** A word as it has to stand in a line so that it is split off as it is. */
export function quoteWord(word: string): string {
  return /^[^ \t\n"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}
