/** Reads a number as `strtoul` does with base 0: decimal, octal or hexadecimal, behind blanks and a plus; `null` if it is none. */
export function numberIn(text: string): number | null {
  const digits = /^\s*\+?(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return null;
  return Number.parseInt(digits, digits.startsWith('0x') ? 16 : digits.startsWith('0') ? 8 : 10);
}
