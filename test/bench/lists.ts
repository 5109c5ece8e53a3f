/**
 * What jobs of lists cost, from the message to the event, each beside the least that it could cost: the bare ipset, or a short list.
 * Each has a goal; job and bare tool take turns in one run.
 *
 * npm run bench -- lists [--entries 500000] [--rounds 3] [--changes 1000] [--seconds 60] [--only cold,one,packets,stream,replace]
 */

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BACKENDS, TestNamespace } from '../support/namespace.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { median, percentile, printTable } from './support/figures.ts';
import { ListSubject, PacketWatch } from './support/list-subject.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '3' },
    changes: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    only: { type: 'string', default: 'cold,one,packets,stream,replace' },
  },
});
const entries = Number(values.entries);
const rounds = Number(values.rounds);
const changes = Number(values.changes);
const seconds = Number(values.seconds);
const parts = new Set(values.only.split(','));
const SHORT = 1_000;
const SINGLE_CHANGES = 40;
const REST_MS = 60_000;
const REST_SAMPLES = 30;
const PER_SECOND = 100;
const STREAM_END_MS = 120_000;
const REPLACEMENTS = 12;
const REPLACED_ENTRIES = 5_000;
/** A bare `ipset add` in each so many changes. */
const BARE_EACH = 3;

/** The rules let pass what the list does not have. */
const RULES =
  '*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -m set --match-set fw4.blocked src -j DROP\nCOMMIT\n';

const rows: string[][] = [];
const broker = await Rabbitmq.start();
const open = new Set<{ close: () => Promise<void> }>([{ close: async () => await broker.stop() }]);
try {
  const [idle = 0] = loadavg();
  if (parts.has('cold') || parts.has('one')) await longLists();
  if (parts.has('packets')) await untilDropped();
  if (parts.has('stream')) await stream();
  if (parts.has('replace')) for (const backend of BACKENDS) await replaceUnderTraffic(backend);
  printTable([['what', 'floor', 'ours', 'compared', 'goal', 'reached'], ...rows]);
  console.log(`load: ${idle.toFixed(1)} at the start, ${(loadavg()[0] ?? 0).toFixed(1)} at the end`);
} finally {
  for (const one of [...open].toReversed()) await one.close();
}

async function newSubject(backend: (typeof BACKENDS)[number] = 'nft'): Promise<ListSubject> {
  const subject = await ListSubject.start(broker.url, backend);
  open.add(subject);
  return subject;
}

async function done(subject: ListSubject): Promise<void> {
  open.delete(subject);
  await subject.close();
}

function addresses(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `10.${100 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
  );
}

function note(
  what: string,
  floor: string,
  ours: string,
  compared: string,
  goal: string,
  isReached: boolean,
): void {
  rows.push([what, floor, ours, compared, goal, isReached ? 'yes' : 'no']);
  console.error(`${what}: ${ours} (${floor}), ${compared}`);
}

/** Cold, one entry, memory and stalls: all of one worker. */
async function longLists(): Promise<void> {
  const subject = await newSubject();
  await sleep(5_000);
  const idleMiB = await subject.residentMiB();
  await subject.longestStallMs();
  const all = addresses(entries);
  const bare: number[] = [];
  const cold: number[] = [];
  const stalls: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    bare.push(await bareRestore(all));
    const list = { name: `long-${round}`, revision: 1, entries: all, maxEntries: entries + 1_000 };
    cold.push(await subject.run('list.replace', { list }));
    stalls.push(await subject.longestStallMs());
    if (round > 1) await subject.run('list.remove', { list: { name: `long-${round}`, revision: 2 } });
    await subject.longestStallMs();
  }
  const [floor, ours] = [median(bare), median(cold)];
  note(
    `cold, ${entries} entries, ms`,
    floor.toFixed(0),
    ours.toFixed(0),
    `x ${(ours / floor).toFixed(2)}`,
    '2 x',
    ours <= 2 * floor,
  );
  const stall = median(stalls);
  note('longest stall meanwhile, ms', '', stall.toFixed(0), '', '100', stall <= 100);
  await oneEntry(subject);
  await sleep(REST_MS);
  const more = (await restingMiB(subject)) - idleMiB;
  note(
    'memory a minute later, MiB',
    idleMiB.toFixed(0),
    (idleMiB + more).toFixed(0),
    `+ ${more.toFixed(0)}`,
    '+ 60',
    more <= 60,
  );
  await done(subject);
}

/** The median of half a minute: a look whether the list has drifted, once an hour, takes memory for some seconds. */
async function restingMiB(subject: ListSubject): Promise<number> {
  const samples: number[] = [];
  for (let second = 0; second < REST_SAMPLES; second += 1) {
    samples.push(await subject.residentMiB());
    await sleep(1_000);
  }
  return median(samples);
}

async function bareRestore(all: readonly string[]): Promise<number> {
  const namespace = await TestNamespace.create('nft');
  try {
    const create = 'create fw4.long hash:net family inet hashsize 131072 maxelem 1000000 timeout 0\n';
    const text = create + all.map((entry) => `add fw4.long ${entry}\n`).join('');
    const begun = performance.now();
    await namespace.run('ipset', ['restore'], text);
    return performance.now() - begun;
  } finally {
    await namespace.remove();
  }
}

async function oneEntry(subject: ListSubject): Promise<void> {
  const short = { name: 'short', revision: 1, entries: addresses(SHORT) };
  await subject.run('list.replace', { list: short });
  const times = { 'long-1': [] as number[], short: [] as number[] };
  for (let index = 0; index < SINGLE_CHANGES; index += 1) {
    for (const name of ['long-1', 'short'] as const) {
      const list = { name, revision: index + 2, add: [`10.9.${index}.1`] };
      const ms = await subject.run('list.change', { list });
      // The first has the list read from the disk again.
      if (index > 0) times[name].push(ms);
    }
  }
  const stall = await subject.longestStallMs();
  const [ours, floor] = [median(times['long-1']), median(times.short)];
  const ratio = ours / floor;
  note(
    `one entry into ${entries}, into ${SHORT}, ms`,
    floor.toFixed(1),
    ours.toFixed(1),
    `x ${ratio.toFixed(2)}`,
    '1.1 x',
    ratio <= 1.1,
  );
  note('longest stall meanwhile, ms', '', stall.toFixed(0), '', '100', stall <= 100);
}

async function untilDropped(): Promise<void> {
  const subject = await newSubject();
  await subject.run('list.replace', { list: { name: 'blocked', revision: 1, entries: ['192.0.2.1'] } });
  await subject.run('apply', { ruleset: { name: 'edge', revision: 1, ipv4: RULES } });
  const watch = new PacketWatch(subject);
  const ours: number[] = [];
  const bare: number[] = [];
  const { namespace } = subject.host;
  for (let index = 0; index < changes; index += 1) {
    const address = `10.78.${index >> 8}.${index & 255}`;
    const list = { name: 'blocked', revision: index + 2, add: [address] };
    ours.push(await watch.untilDropped(address, async () => await subject.run('list.change', { list })));
    if (index % BARE_EACH !== 0) continue;
    const other = `10.78.${128 + (index >> 8)}.${index & 255}`;
    bare.push(
      await watch.untilDropped(
        other,
        async () => await namespace.run('ipset', ['add', 'fw4.blocked', other]),
      ),
    );
  }
  watch.close();
  for (const [part, goal] of [
    [50, 25],
    [99, 100],
  ] as const) {
    const [one, floor] = [percentile(ours, part), percentile(bare, part)];
    note(
      `published to dropped, p${part}, ms`,
      floor.toFixed(1),
      one.toFixed(1),
      `+ ${(one - floor).toFixed(1)}`,
      `+ ${goal}`,
      one <= floor + goal,
    );
  }
  await done(subject);
}

async function stream(): Promise<void> {
  const subject = await newSubject();
  const count = seconds * PER_SECOND;
  const sent: ReturnType<ListSubject['send']>[] = [];
  const begun = performance.now();
  while (sent.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - begun) / 1000) * PER_SECOND));
    while (sent.length < due) {
      const index = sent.length;
      const list = { name: 'blocked', revision: index + 1, add: [`10.78.${index >> 8}.${index & 255}`] };
      sent.push(subject.send('list.change', { list }));
    }
    await sleep(5);
  }
  const behind = performance.now();
  const ends = await Promise.race([
    Promise.all(sent.map(async ({ end }) => await end)),
    sleep(STREAM_END_MS),
  ]);
  const ms = performance.now() - behind;
  const applied = (ends ?? []).filter(({ outcome }) => outcome === 'applied').length;
  const twice = sent.filter(({ id }) => subject.told.get(id) !== 1).length;
  const there =
    (await subject.host.namespace.run('ipset', ['save', 'fw4.blocked'])).match(/^add /gm)?.length ?? 0;
  const isReached = applied === count && twice === 0 && there === count;
  note(
    `${PER_SECOND} changes a second for ${seconds} s`,
    String(count),
    String(applied),
    `${there} live, ${twice} not told once`,
    'all, once',
    isReached,
  );
  note('the last end after the last change, ms', '', ms.toFixed(0), '', '', true);
  await done(subject);
}

async function replaceUnderTraffic(backend: (typeof BACKENDS)[number]): Promise<void> {
  const subject = await newSubject(backend);
  const { host, peer } = subject;
  const [denied, welcome] = ['10.77.0.2', '10.77.0.3'];
  const content = (revision: number) => [denied, ...addresses(REPLACED_ENTRIES).slice(revision)];
  await subject.run('list.replace', { list: { name: 'blocked', revision: 1, entries: content(1) } });
  const text = `${RULES.replace('COMMIT\n', '')}-A edge -s ${denied} -j ACCEPT\n-A edge -s ${welcome} -j ACCEPT\nCOMMIT\n`;
  await subject.run('apply', { ruleset: { name: 'edge', revision: 1, ipv4: text } });
  let stop = () => {};
  const until = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const script = `${import.meta.dirname}/support/packet-pair.py`;
  const begun = performance.now();
  const sending = peer.send('python3', [script, denied, welcome], until);
  for (let revision = 2; revision < 2 + REPLACEMENTS; revision += 1) {
    await subject.run('list.replace', { list: { name: 'blocked', revision, entries: content(revision) } });
    await sleep(200);
  }
  stop();
  const sent = Number(await sending);
  const rate = sent / ((performance.now() - begun) / 1000);
  const saved = await host.namespace.save({ counters: true });
  const countOf = (rule: string) =>
    Number(new RegExp(`^\\[(\\d+):\\d+\\] -A edge ${rule}`, 'm').exec(saved)?.[1]);
  const passed = countOf(`-s ${denied}`);
  const lost = sent - countOf(`-s ${welcome}`);
  note(
    `${REPLACEMENTS} replacements, ${backend}, ${rate.toFixed(0)} packets/s each`,
    `${sent} sent`,
    `${passed} passed`,
    `${lost} lost`,
    '0, 0',
    passed === 0 && lost === 0,
  );
  await done(subject);
}
