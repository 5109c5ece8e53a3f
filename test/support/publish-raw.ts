import { once } from 'node:events';
import { connect } from 'amqplib';

interface Raw {
  exchange: string;
  key: string;
  messageId: string;
  body: Buffer;
  /** The table of headers as it goes over the wire, without its length. */
  headers: Buffer;
}

const FRAME_END = 0xce;
const HAS_HEADERS = 0x2000;
const HAS_MESSAGE_ID = 0x0080;

/** Publishes a message frame by frame, as its headers can be what amqplib would never write. Resolves once the broker has confirmed it. */
export async function publishRaw(url: string, message: Raw): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  const { exchange, key, messageId, body, headers } = message;
  const number = (channel as unknown as { ch: number }).ch;
  const { stream } = connection.connection as unknown as { stream: NodeJS.WritableStream };
  const method = Buffer.concat([int(60, 2), int(40, 2), int(0, 2), short(exchange), short(key), int(0, 1)]);
  const flags = HAS_HEADERS | HAS_MESSAGE_ID;
  const properties = [
    int(60, 2),
    int(0, 6),
    int(body.length, 4),
    int(flags, 2),
    int(headers.length, 4),
    headers,
  ];
  const frames = [method, Buffer.concat([...properties, short(messageId)]), body].map((payload, index) =>
    Buffer.concat([int(index + 1, 1), int(number, 2), int(payload.length, 4), payload, int(FRAME_END, 1)]),
  );
  const confirmed = once(channel, 'ack');
  stream.write(Buffer.concat(frames));
  await confirmed;
  await connection.close();
}

/** One header, `h`, of so many arrays or tables within each other. */
export function deepHeaders(kind: 'arrays' | 'tables', depth: number): Buffer {
  // Each level is a tag and a length; in a table, a key of one letter stands before them.
  const before = kind === 'arrays' ? 'A' : '\u0001kF';
  const size = before.length + 4;
  const levels = Array.from({ length: depth }, (_, level) =>
    Buffer.concat([Buffer.from(level === 0 ? before.slice(-1) : before), int((depth - level - 1) * size, 4)]),
  );
  return Buffer.concat([short('h'), ...levels]);
}

function int(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

function short(text: string): Buffer {
  return Buffer.concat([int(Buffer.byteLength(text), 1), Buffer.from(text)]);
}
