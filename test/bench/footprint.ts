/**
 * What an idle worker costs, and one that does small jobs, compared with a bare script that saves the rules and pipes jobs into
 * iptables-restore. Both use the same broker, and take turns in one run.
 *
 * npm run bench -- footprint [--legacy] [--jobs 10000] [--starts 7] [--idle-seconds 60] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { jobsQueue } from '../../src/broker/connection/topology.ts';
import { EVENTS_EXCHANGE, hostJobsQueue, hostKey, JOBS_EXCHANGE } from '../../src/contract/words/names.ts';
import { TestNamespace } from '../support/namespace.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { median, printTable } from './support/figures.ts';
import { type Kind, Subject } from './support/footprint-subject.ts';
import { installedMiB } from './support/installed-size.ts';

const { values } = parseArgs({
  options: {
    legacy: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '10000' },
    starts: { type: 'string', default: '7' },
    'idle-seconds': { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
const jobs = Number(values.jobs);
const variant = values.legacy ? 'legacy' : 'nft';
const GOALS = { nft: { p50: 1.8, rate: 0.6 }, legacy: { p50: 2.2, rate: 0.5 } }[variant];
const START_GOAL = 2.5;
const MEMORY_GOAL_MIB = 35;
const idleSeconds = Number(values['idle-seconds']);
/** Enough rulesets that no job is superseded: no two jobs of one ruleset wait at the same time. */
const RULESETS = 8;
const LATENCIES = 200;
const HOST = 'bench';
let confirmMode: 'none' | 'probe' = 'none';
/** Whether the bare script saves once more behind each restore, and so knows what has become of it. */
let isSavedAgain = false;
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

interface Figures {
  startMs: number;
  idleMiB: number;
  idleCpuSeconds: number;
  p50Ms: number;
  /** Of the bare script, where it saves once more; else the same. */
  p50VerifiedMs: number;
  jobsPerSecond: number;
  afterJobsMiB: number;
  installedMiB: number;
}

/** Ours, theirs, what is wanted, and whether that is reached; `null`: nothing is wanted. */
type Compared = [number, number, string, boolean | null];

const broker = await Rabbitmq.start();
const folder = await mkdtemp(join(tmpdir(), 'fleetwall-footprint-'));
const namespaces = [await TestNamespace.create(variant), await TestNamespace.create(variant)] as const;
const [own, other] = namespaces;
const subjects: Subject[] = [];
try {
  // Each is started once before, so that queues and folders exist.
  const guarded = await open(fleetwall());
  const bare = await open(bareWorker());
  const figures = await measure([guarded, bare]);
  const probed = await latencyWithProbe(guarded);
  const processMs = await processStartMs();
  print(figures, probed, processMs);
} finally {
  for (const subject of subjects) await subject.close();
  for (const namespace of namespaces) await namespace.remove();
  await broker.stop();
  await rm(folder, { recursive: true });
}

async function open(kind: Kind): Promise<Subject> {
  const subject = await Subject.create(kind, broker.url);
  subjects.push(subject);
  return subject;
}

async function measure([guarded, bare]: readonly [Subject, Subject]): Promise<[Figures, Figures]> {
  const starts = new Map<Subject, number[]>([
    [guarded, []],
    [bare, []],
  ]);
  for (const subject of [guarded, bare]) {
    await subject.start();
    await subject.stop();
  }
  for (let round = 0; round < Number(values.starts); round += 1) {
    for (const [subject, times] of starts) {
      times.push(await subject.start());
      await subject.stop();
    }
  }
  const measured: Figures[] = [];
  for (const subject of [guarded, bare]) {
    await subject.start();
    await sleep(3_000);
    const idleMiB = await subject.residentMiB();
    const before = await subject.cpuSeconds();
    await sleep(idleSeconds * 1000);
    const idleCpuSeconds = ((await subject.cpuSeconds()) - before) * (60 / idleSeconds);
    await subject.doMany(RULESETS * 4, RULESETS);
    const p50Ms = await p50Of(subject);
    isSavedAgain = true;
    const p50VerifiedMs = await p50Of(subject);
    isSavedAgain = false;
    const jobsPerSecond = await subject.doMany(jobs, RULESETS);
    await sleep(3_000);
    measured.push({
      startMs: median(starts.get(subject) ?? []),
      idleMiB,
      idleCpuSeconds,
      p50Ms,
      p50VerifiedMs,
      jobsPerSecond,
      afterJobsMiB: await subject.residentMiB(),
      installedMiB: await installedMiB(subject === guarded ? 'all' : 'amqplib'),
    });
    await subject.stop();
  }
  return measured as [Figures, Figures];
}

/** Measures with the default `confirm`, which makes a new connection to the broker after each change. */
async function latencyWithProbe(guarded: Subject): Promise<{ p50Ms: number; jobsPerSecond: number }> {
  await guarded.start();
  confirmMode = 'probe';
  const p50Ms = await p50Of(guarded);
  const jobsPerSecond = await guarded.doMany(Math.min(jobs, 1_000), RULESETS);
  await guarded.stop();
  return { p50Ms, jobsPerSecond };
}

async function p50Of(subject: Subject): Promise<number> {
  const latencies: number[] = [];
  for (let done = 0; done < LATENCIES; done += 1) latencies.push(await subject.do());
  return median(latencies);
}

/** How long it takes to run a program of iptables that does nothing, in the namespace. */
async function processStartMs(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const begun = performance.now();
    await execa('nsenter', [`--net=/run/netns/${own.name}`, '--', `iptables-${variant}-save`, '--version']);
    times.push(performance.now() - begun);
  }
  return median(times);
}

function rulesetOf(number: number) {
  const name = `small-${number % RULESETS}`;
  const rules = Array.from(
    { length: 10 },
    (_, index) => `-A ${name} -s 10.${(number >> 8) & 255}.${number & 255}.${index + 1}/32 -j ACCEPT\n`,
  );
  return { name, revision: number + 1, text: `*filter\n:${name} - [0:0]\n${rules.join('')}COMMIT\n` };
}

function fleetwall(): Kind {
  return {
    name: 'fleetwall',
    queue: hostJobsQueue(HOST),
    command: [MAIN, 'worker'],
    environment: {
      FLEETWALL_HOST_ID: HOST,
      FLEETWALL_AMQP_URL: broker.url,
      FLEETWALL_ALLOW_UNSIGNED: 'true',
      FLEETWALL_QUEUE_TYPE: 'classic',
      FLEETWALL_NETNS: own.name,
      FLEETWALL_BACKEND: variant,
      FLEETWALL_STATE_DIR: join(folder, 'state'),
      FLEETWALL_RUN_DIR: join(folder, 'run'),
    },
    publish: (channel, { id, number }) => {
      const { text, ...ruleset } = rulesetOf(number);
      const job = {
        apiVersion: 'fleetwall/v1',
        id,
        action: 'apply',
        issuedAt: new Date().toISOString(),
        target: { hosts: [HOST] },
        ruleset: { ...ruleset, ipv4: text },
        confirm: { mode: confirmMode, timeoutSeconds: 10 },
      };
      const options = { persistent: true, messageId: id, contentType: 'application/json' };
      channel.publish(JOBS_EXCHANGE, hostKey(HOST), Buffer.from(JSON.stringify(job)), options);
    },
    hear: async (channel, replyTo, onAnswer) => {
      await channel.assertQueue(hostJobsQueue(HOST), { arguments: jobsQueue(HOST, 'classic').arguments });
      await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true });
      await channel.bindQueue(replyTo, EVENTS_EXCHANGE, `${HOST}.job.completed.*`);
      await channel.consume(
        replyTo,
        (message) => {
          const event = JSON.parse(message?.content.toString() ?? '{}') as {
            subject: string;
            data: { outcome: string };
          };
          if (event.data.outcome !== 'applied') throw new Error(`a job ended as ${event.data.outcome}`);
          onAnswer(event.subject);
        },
        { noAck: true },
      );
    },
  };
}

function bareWorker(): Kind {
  const queue = 'bare';
  const script = join(import.meta.dirname, 'support/bare-worker.mjs');
  return {
    name: 'bare script',
    queue,
    command: [process.execPath, script, broker.url, queue, other.name, variant],
    environment: {},
    publish: (channel, { id, number }, replyTo) => {
      const body = Buffer.from(
        JSON.stringify({ id, ruleset: { ipv4: rulesetOf(number).text }, isSavedAgain }),
      );
      channel.sendToQueue(queue, body, { persistent: true, replyTo });
    },
    hear: async (channel, replyTo, onAnswer) => {
      await channel.assertQueue(queue, { durable: true });
      await channel.consume(
        replyTo,
        (message) => {
          const answer = JSON.parse(message?.content.toString() ?? '{}') as { id: string; status: number };
          if (answer.status !== 0) throw new Error(`a restore ended with ${answer.status}`);
          onAnswer(answer.id);
        },
        { noAck: true },
      );
    },
  };
}

function print(
  [guarded, bare]: [Figures, Figures],
  probed: { p50Ms: number; jobsPerSecond: number },
  processMs: number,
): void {
  const atMost = (ours: number, theirs: number, times: number, note = ''): Compared => [
    ours,
    theirs,
    `${times} x${note}`,
    ours <= times * theirs,
  ];
  const andMore = (ours: number, theirs: number): Compared => [
    ours,
    theirs,
    `+ ${MEMORY_GOAL_MIB} MiB`,
    ours <= theirs + MEMORY_GOAL_MIB,
  ];
  const rows: [string, ...Compared][] = [
    ['start to ready, ms', ...atMost(guarded.startMs, bare.startMs, START_GOAL)],
    ['resident, idle, MiB', ...andMore(guarded.idleMiB, bare.idleMiB)],
    [`resident, after ${jobs} jobs, MiB`, ...andMore(guarded.afterJobsMiB, bare.afterJobsMiB)],
    ['CPU of an idle minute, s', guarded.idleCpuSeconds, bare.idleCpuSeconds, '', null],
    [
      'p50 of a job of 10 rules; save, restore, save, ms',
      ...atMost(guarded.p50VerifiedMs, bare.p50VerifiedMs, GOALS.p50, ` (a start: ${processMs.toFixed(1)})`),
    ],
    ['the same; save, restore, ms', guarded.p50Ms, bare.p50Ms, '', null],
    ['the same, confirmed by probe, ms', probed.p50Ms, bare.p50Ms, '', null],
    [
      'jobs per second; save, restore',
      guarded.jobsPerSecond,
      bare.jobsPerSecond,
      `${GOALS.rate} x`,
      guarded.jobsPerSecond >= GOALS.rate * bare.jobsPerSecond,
    ],
    ['the same, confirmed by probe', probed.jobsPerSecond, bare.jobsPerSecond, '', null],
    ['installed, without Node, MiB', guarded.installedMiB, bare.installedMiB, '', null],
  ];
  if (values.json) {
    console.log(JSON.stringify({ guarded, bare, probed, processMs }, null, 2));
    return;
  }
  printTable([
    ['', 'fleetwall', 'bare script', 'ratio', 'wanted', 'reached'],
    ...rows.map(([what, ours, theirs, limit, isReached]) => [
      what,
      ours.toFixed(1),
      theirs.toFixed(1),
      (ours / theirs).toFixed(2),
      limit,
      isReached === null ? '' : isReached ? 'yes' : 'no',
    ]),
  ]);
}
