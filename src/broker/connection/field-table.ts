/** How many bytes a value has, by its tag, as RabbitMQ has them: https://www.rabbitmq.com/amqp-0-9-1-errata#section_3 */
const SIZES: ReadonlyMap<string, number> = new Map(
  Object.entries({ t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, l: 8, d: 8, T: 8, V: 0 }),
);
/** Before their bytes, these have their length. */
const TEXTS = new Set(['S', 'x']);
const ARRAY = 'A';
const TABLE = 'F';
/** The broker's own headers (`x-death`) are three deep. */
const DEEPEST = 100;

/**
 * Whether a field table of AMQP, without its length, is well-formed, and no more than 100 arrays and tables are within each other.
 * However it is made, it is looked at in one pass and without recursion.
 */
export function isReadableTable(bytes: Buffer): boolean {
  const open = [{ end: bytes.length, isTable: true }];
  let at = 0;
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    const { end, isTable } = inner;
    if (at === end) {
      open.pop();
      continue;
    }
    // Here stands the length of a key, the key, and the tag of its value; in an array only the tag.
    if (isTable) at += 1 + (bytes[at] ?? 0);
    const tag = String.fromCharCode(bytes[at] ?? 0);
    at += 1;
    const size = SIZES.get(tag) ?? lengthAt(bytes, tag, at);
    if (size === null) return false;
    const isNested = tag === ARRAY || tag === TABLE;
    if (isNested || TEXTS.has(tag)) at += 4;
    if (at + size > end) return false;
    if (!isNested) at += size;
    else if (open.push({ end: at + size, isTable: tag === TABLE }) > DEEPEST) return false;
  }
  return true;
}

/** `null`: there is no such tag, or no length. */
function lengthAt(bytes: Buffer, tag: string, at: number): number | null {
  if (tag !== ARRAY && tag !== TABLE && !TEXTS.has(tag)) return null;
  return at + 4 > bytes.length ? null : bytes.readUInt32BE(at);
}
