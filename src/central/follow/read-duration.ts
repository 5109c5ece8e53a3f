const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};
const WHOLE = /^-?(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g;

/** Reads a duration as Go prints it: `3h59m59.9s`, `-28.4ms`. @returns milliseconds; `null`: it is none */
export function readGoDuration(text: string): number | null {
  if (!WHOLE.test(text)) return null;
  let sum = 0;
  for (const [, number = '', unit = ''] of text.matchAll(PART)) sum += Number(number) * (UNIT_MS[unit] ?? 0);
  return text.startsWith('-') ? -sum : sum;
}
