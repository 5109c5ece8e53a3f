import type { ChannelModel } from 'amqplib';
import { isReadableTable } from './field-table.ts';

/** What amqplib's types do not tell of: the bytes that came and are not decoded yet, and what takes the next frame of them. */
interface Receiver {
  rest: Buffer;
  recvFrame: () => unknown;
}

const HEADER_FRAME = 2;
const PAYLOAD = 7;
/** Of the payload: class, weight and the size of the body come before it. */
const FLAGS = PAYLOAD + 12;
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
const HAS_HEADERS = 0x2000;
/** The length of a key, the tag and the length of a value. */
const LEAST_ENTRY = 6;

/**
 * Keeps amqplib from failing at the headers of a message. It decodes them by recursion, and some thousand arrays within each other end that:
 * the connection is lost, the message comes again over the next one, and so for ever. No consumer could help, as none gets to see such a
 * message. So the frame is looked at before: a table that amqplib could not read becomes one with a single value, its bytes. The frame stays
 * as long as it was, and the message arrives as any other.
 *
 * @param onUnreadable called for each such message
 */
export function guardHeaders(model: ChannelModel, onUnreadable: () => void): void {
  const receiver = model.connection as unknown as Receiver;
  const receive = receiver.recvFrame.bind(receiver);
  // amqplib calls it anew when more bytes have come, so a whole frame is seen here before it is decoded.
  receiver.recvFrame = () => {
    const table = headersOf(receiver.rest);
    if (table !== null && table.length >= LEAST_ENTRY && !isReadableTable(table)) {
      closeTable(table);
      onUnreadable();
    }
    return receive();
  };
}

/** The table of headers, if what has come begins with a whole header frame that has one: AMQP 0-9-1, 2.3.5.2 and 4.2.6.1. */
function headersOf(bytes: Buffer): Buffer | null {
  if (bytes.length <= FLAGS + 2 || bytes[0] !== HEADER_FRAME) return null;
  const end = PAYLOAD + bytes.readUInt32BE(3);
  if (bytes.length <= end) return null;
  const flags = bytes.readUInt16BE(FLAGS);
  if ((flags & HAS_HEADERS) === 0) return null;
  let at = FLAGS + 2;
  for (const flag of [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING])
    if ((flags & flag) !== 0) at += 1 + (bytes[at] ?? 0);
  const start = at + 4;
  if (start > end) return null;
  const length = bytes.readUInt32BE(at);
  return start + length > end ? null : bytes.subarray(start, start + length);
}

/** Makes all of a table the value of one header without a name. */
function closeTable(table: Buffer): void {
  table.writeUInt8(0, 0);
  table.write('x', 1, 'latin1');
  table.writeUInt32BE(table.length - LEAST_ENTRY, 2);
}
