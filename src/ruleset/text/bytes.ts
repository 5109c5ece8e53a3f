/**
 * Rules are bytes to iptables and the kernel, in no encoding. Where they are read, compared and written they are strings with
 * one character for each byte; only what was sent, and what is told to people, is Unicode.
 */

/** @returns the UTF-8 of a text, one character for each byte */
export function toBytes(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}

// oxlint-disable-next-line no-control-regex -- the first and the last of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * @param bytes one character for each byte
 * @returns the text that they are the UTF-8 of; bytes that are none are written as `\xNN`, and `escaped` says so
 */
export function fromBytes(bytes: string): { text: string; escaped: boolean } {
  if (ASCII.test(bytes)) return { text: bytes, escaped: false };
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) return { text, escaped: false };
  return escapeStrayBytes(buffer);
}

/** A sentence with rules in it, as people read it; what is no UTF-8 is left as it is. */
export function showBytes(sentence: string): string {
  const { text, escaped } = fromBytes(sentence);
  // oxlint-disable-next-line no-control-regex -- the first and the last of what one byte can be
  return escaped || /[^\u0000-\u00ff]/.test(sentence) ? sentence : text;
}

/** A character that was replaced is told from one that was there by its bytes. */
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

/** How many bytes the character has that begins here; 0: it is none. */
function sequenceLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const sequence = buffer.subarray(at, at + length);
  return Buffer.from(sequence.toString('utf8')).equals(sequence) ? length : 0;
}
