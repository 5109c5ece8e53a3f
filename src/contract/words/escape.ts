// C0, DEL and C1; line and paragraph separators; marks that change the direction of text or join characters invisibly (Unicode TR
// 36). With them, a rule or a name can look like another one, or move the cursor. And halves of characters (lone surrogates), which
// no UTF-8 can have.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Makes text from outside safe to show as one line: writes a control or direction character as `\n`, `\x1b` or `\u202e`. */
export function escapeControl(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** Does the same for text of several lines: line feeds stay. */
export function escapeLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : escapeCharacter(character)));
}

/** Does the same for JSON, which stays the same JSON. */
export function escapeAsJson(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
