import { escapeAsJson, escapeControl } from '../../contract/words/escape.ts';

/** Besides line feeds and tabs, the colours of `paint.ts` are the only control sequences that are let through. */
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const KEPT = /(\n|\t|\u001b\[(?:[012]?|22|3[0-79]|90)m)/;

/**
 * Writes text to standard output. What it has from hosts or the broker may not have gone through anything before: whatever could move the
 * cursor, hide text or turn its direction is shown escaped.
 */
export function print(text: string): void {
  process.stdout.write(shown(text));
}

/** Writes what is to be kept or read by a program, such as rules: byte for byte, but for a terminal. */
export function printExactly(content: string | Uint8Array): void {
  if (process.stdout.isTTY) print(Buffer.from(content).toString('utf8'));
  else process.stdout.write(content);
}

/** Writes to standard error: progress, notes, refusals. */
export function printAside(text: string): void {
  process.stderr.write(shown(text));
}

/** Writes one line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${escapeAsJson(JSON.stringify(value))}\n`);
}

function shown(text: string): string {
  return text
    .split(KEPT)
    .map((part, index) => (index % 2 === 0 ? escapeControl(part) : part))
    .join('');
}
