import { createRequire } from 'node:module';
import type { ChannelModel } from 'amqplib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReadableTable } from '../../src/broker/connection/field-table.ts';
import { guardHeaders } from '../../src/broker/connection/header-guard.ts';

// What amqplib reads is the measure. It exports neither; its files are required as files.
const load = createRequire(import.meta.url);
const { encodeTable, decodeFields } = load('../../node_modules/amqplib/lib/codec.js') as {
  encodeTable: (into: Buffer, table: object, offset: number) => number;
  decodeFields: (bytes: Buffer) => Record<string, unknown>;
};
const { Connection } = load('../../node_modules/amqplib/lib/connection.js') as {
  Connection: new (stream: object) => object;
};
const { encodeProperties, constants } = load('../../node_modules/amqplib/lib/defs.js') as {
  encodeProperties: (classId: number, channel: number, size: number, fields: object) => Buffer;
  constants: { FRAME_END: number };
};

/** A table without its length. */
function tableOf(values: object): Buffer {
  const into = Buffer.alloc(100_000);
  return into.subarray(4, encodeTable(into, values, 0));
}

/** A header `h` of so many arrays, or tables with the key `k`, within each other. */
function deep(tag: 'A' | 'F', depth: number): Buffer {
  const [own, key] = tag === 'F' ? [7, '\u0001k'] : [5, ''];
  const levels = Array.from({ length: depth }, (_, level) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE((depth - level - 1) * own);
    return Buffer.concat([Buffer.from(level === 0 ? tag : key + tag), length]);
  });
  return Buffer.concat([Buffer.from('\u0001h'), ...levels]);
}

const ALL_TAGS = {
  text: 'a',
  no: null,
  yes: true,
  byte: -1,
  short: 300,
  int: 70_000,
  long: 2 ** 40,
  double: 0.5,
  float: { '!': 'float', value: 1.5 },
  unsigned: [8, 16, 32].map((bits) => ({ '!': `uint${bits}`, value: 7 })),
  decimal: { '!': 'decimal', value: { digits: 5, places: 1 } },
  time: { '!': 'timestamp', value: 1 },
  bytes: Buffer.from('abc'),
  table: { a: [{ b: [] }, {}, 'x'] },
};

describe('a table of headers', () => {
  it('that amqplib has written is readable, whatever is in it', () => {
    expect(isReadableTable(tableOf(ALL_TAGS))).toBe(true);
    expect(isReadableTable(Buffer.alloc(0))).toBe(true);
    const key = fc.stringMatching(/^[a-z]{0,9}$/);
    const single = [
      fc.string(),
      fc.integer(),
      fc.double({ min: -1, max: 1, noInteger: true, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    ];
    const values = fc.dictionary(key, fc.anything({ key, values: single, maxDepth: 5 }));
    fc.assert(
      fc.property(values, (table) => {
        expect(isReadableTable(tableOf(table))).toBe(true);
      }),
    );
  });

  it('is not, where it is so deep that it may be too deep for amqplib', () => {
    for (const tag of ['A', 'F'] as const) {
      expect(isReadableTable(deep(tag, 50))).toBe(true);
      expect(isReadableTable(deep(tag, 200))).toBe(false);
      expect(() => decodeFields(deep(tag, 10_000))).toThrow(RangeError);
      expect(isReadableTable(deep(tag, 10_000))).toBe(false);
    }
  });

  it('that is readable never fails in amqplib, however it was damaged', () => {
    const whole = tableOf(ALL_TAGS);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (places, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of places) bytes[at] = value;
        const cut = bytes.subarray(0, length);
        if (isReadableTable(cut)) expect(() => decodeFields(cut)).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
  });
});

/** A connection of amqplib that has got these bytes, as many at a time, and what it makes of them. */
function received(bytes: Buffer, atOnce: number): { frames: Record<string, unknown>[]; unreadable: number } {
  let from = 0;
  let isThere = false;
  const read = () => {
    if (!isThere) return null;
    isThere = false;
    return bytes.subarray(from - atOnce, from);
  };
  const connection = Object.assign(Object.create(Connection.prototype), {
    rest: Buffer.alloc(0),
    maxFrameSize: 0,
    stream: { read },
  });
  let unreadable = 0;
  guardHeaders({ connection } as unknown as ChannelModel, () => (unreadable += 1));
  const frames = [];
  while (from < bytes.length) {
    from += atOnce;
    isThere = true;
    for (let frame = connection.recvFrame(); frame !== false; frame = connection.recvFrame())
      frames.push(frame);
  }
  return { frames, unreadable };
}

/** The frame of a message's properties, of which the headers are these bytes. */
function headerFrame(table: Buffer): Buffer {
  const fields = {
    contentType: 'application/json',
    contentEncoding: 'gzip',
    headers: { h: '' },
    messageId: 'm',
  };
  const frame = Buffer.from(encodeProperties(60, 1, 2, fields));
  const old = tableOf({ h: '' });
  const at = frame.indexOf(old);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(table.length);
  const made = Buffer.concat([frame.subarray(0, at - 4), length, table, frame.subarray(at + old.length)]);
  made.writeUInt32BE(made.length - 8, 3);
  return made;
}

describe('what amqplib receives', () => {
  const others = { contentType: 'application/json', contentEncoding: 'gzip', messageId: 'm' };
  const body = Buffer.from([3, 0, 1, 0, 0, 0, 2, 0x7b, 0x7d, constants.FRAME_END]);

  it.each([7, 4_096, 1_000_000])('is whole where headers are too deep, %d bytes at a time', (atOnce) => {
    const frames = [headerFrame(deep('A', 5_000)), body, headerFrame(tableOf({ h: 'x' })), body];
    const got = received(Buffer.concat([...frames, headerFrame(deep('F', 8_000)), body]), atOnce);
    expect(got.unreadable).toBe(2);
    expect(got.frames).toHaveLength(6);
    for (const index of [0, 2, 4]) expect(got.frames[index]).toMatchObject({ size: 2, fields: others });
    expect(got.frames[2]).toMatchObject({ fields: { headers: { h: 'x' } } });
    for (const index of [0, 4])
      expect(got.frames[index]).toMatchObject({ fields: { headers: { '': expect.any(Buffer) } } });
    expect(got.frames[5]).toEqual({ channel: 1, content: Buffer.from('{}') });
  });
});
