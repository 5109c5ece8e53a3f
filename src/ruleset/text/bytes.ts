/**
 * Rules are bytes to iptables and the kernel, in no encoding. So wherever rules are read, compared and written, they are strings
 * with one character for each byte. Only what was sent, and what people are shown, is Unicode.
 */

/** @returns the UTF-8 of a text, as a string with one character for each byte */
export function toBytes(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}

// oxlint-disable-next-line no-control-regex -- the first and the last of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * @param bytes one character for each byte
 * @returns the text whose UTF-8 this is. Bytes that are not UTF-8 are written as `\xNN`, and then `escaped` is true
 */
export function fromBytes(bytes: string): { text: string; escaped: boolean } {
  if (ASCII.test(bytes)) return { text: bytes, escaped: false };
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) return { text, escaped: false };
  return escapeStrayBytes(buffer);
}

/** Turns a sentence with rules in it into text for people. A sentence that is not UTF-8 stays as it is. */
export function showBytes(sentence: string): string {
  const { text, escaped } = fromBytes(sentence);
  // oxlint-disable-next-line no-control-regex -- the first and the last of what one byte can be
  return escaped || /[^\u0000-\u00ff]/.test(sentence) ? sentence : text;
}

/** Writes the bytes that are not UTF-8 as `\xNN`. Compares bytes, as a replacement character may also have been in the text. */
function escapeStrayBytes(buffer: Buffer): { text: string; escaped: boolean } {
  let text = '';
  let escaped = false;
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    if (length === 0) {
      text += `\\x${buffer.toString('hex', at, at + 1)}`;
      escaped = true;
      at += 1;
    } else {
      text += buffer.toString('utf8', at, at + length);
      at += length;
    }
  }
  return { text, escaped };
}

/** Returns how many bytes the character at this place has; 0 if there is no valid character. */
function sequenceLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const sequence = buffer.subarray(at, at + length);
  return Buffer.from(sequence.toString('utf8')).equals(sequence) ? length : 0;
}
