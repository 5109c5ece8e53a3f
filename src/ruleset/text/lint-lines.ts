import type { Problem } from '../model.ts';

/** iptables-restore reads lines into 10,240 bytes. A longer line counts as two, so that all line numbers after it are wrong. */
const LONGEST_LINE_BYTES = 10_239;
/** A tab is allowed: it separates words as a space does. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const ANY_CONTROL = new RegExp(CONTROL.source);
/** A surrogate without its other half. JSON can have it as `\ud800`, and UTF-8 cannot: what iptables would get is another character. */
const HALF = /\p{Surrogate}/gu;

/**
 * Checks a text line by line, before it is read as rules. Returns the text without what is wrong with single lines, so that the
 * rest can still be read.
 */
export function lintLines(text: string): { text: string; problems: Problem[] } {
  if (isClean(text)) return { text, problems: [] };
  const problems: Problem[] = [];
  const refuse = (line: number, reason: string) => problems.push({ line, table: null, chain: null, reason });
  const lines = text.split('\n');
  const last = lines.length - 1;
  // Behind the last line there is no LF.
  if (lines[last]?.endsWith('\r') === true)
    refuse(last + 1, 'ends in CR alone, which iptables would take for a part of it: end lines in LF');
  const returns = lines.filter((line, index) => index < last && line.endsWith('\r')).length;
  if (returns > 0) {
    const first = lines.findIndex((line) => line.endsWith('\r'));
    const more = returns === 1 ? '' : ` (as ${returns - 1} more lines do)`;
    refuse(
      first + 1,
      `ends in CR LF${more}, and iptables would take the CR for a part of it: end lines in LF alone`,
    );
  }
  const clean = lines.map((line, index) => {
    const body = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (body.length * 3 > LONGEST_LINE_BYTES && byteLength(body) > LONGEST_LINE_BYTES) {
      refuse(
        index + 1,
        `has ${byteLength(body)} bytes: iptables reads ${LONGEST_LINE_BYTES} of a line, and takes the rest for another`,
      );
      // The line is left out: it may have millions of words.
      return '';
    }
    const bare = body.replace(CONTROL, '');
    if (bare.length < body.length) refuse(index + 1, 'has a control character in it: take it out');
    const whole = bare.replace(HALF, '');
    if (whole.length < bare.length)
      refuse(
        index + 1,
        'has half of a character in it (a lone surrogate), which is no UTF-8: write the whole character',
      );
    return whole;
  });
  return { text: clean.join('\n'), problems };
}

/** Says whether nothing is wrong with any line, as is usual. */
function isClean(text: string): boolean {
  if (ANY_CONTROL.test(text) || !text.isWellFormed()) return false;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const length = (end === -1 ? text.length : end) - from;
    // A character has three bytes at most.
    if (length * 3 > LONGEST_LINE_BYTES) return false;
    from += length + 1;
  }
  return true;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
