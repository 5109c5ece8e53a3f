import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobCompletedEvent } from '../../../src/contract/events/event.ts';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../client.ts';
import type { TestHost } from '../host.ts';
import { table } from '../rulesets.ts';
import type { CallFault, CallKind, FailingCalls } from './failing-calls.ts';

const WAIT_MS = 90_000;
const SETTLE_MS = 10_000;

interface Texts {
  ipv4: string;
  ipv6: string;
}

/** Two tables and two families, so that half of a change would show. */
function texts(port: number): Texts {
  const chain = (name: string, rule: string) =>
    table(name, `:edge-${name} - [0:0]`, `-A PREROUTING -j edge-${name}`, `-A edge-${name} ${rule}`);
  const rule = `-p tcp -m tcp --dport ${port} -j RETURN`;
  return { ipv4: chain('mangle', rule) + chain('nat', rule), ipv6: chain('mangle', rule) };
}
const OLD = texts(1000);
const NEW = texts(2000);
const BAD = { ...NEW, ipv4: NEW.ipv4.replace('-j RETURN', '-m owner --uid-owner 1 -j RETURN') };

type Live = Texts | null;

interface Action {
  /** What is live before it. */
  before: Live;
  /** What is live after it, if it ends well. */
  after: Live;
  fields: (revision: number) => object;
  /** What is answered once the change waits. */
  answer?: 'confirm' | 'abort';
  /** The ends that are the action's own, without any fault. */
  ends: string;
}

const apply = (text: Texts, confirm: object = { mode: 'none' }) => {
  return (revision: number) => ({ ruleset: { name: 'edge', revision, ...text }, confirm });
};
const named = (action: string) => (revision: number) => ({ action, ruleset: { name: 'edge', revision } });
const MANUAL = { mode: 'manual', timeoutSeconds: 60 };

export const ACTIONS = {
  'first apply': { before: null, after: NEW, fields: apply(NEW), ends: 'applied' },
  'a change': { before: OLD, after: NEW, fields: apply(NEW), ends: 'applied' },
  'no change': { before: OLD, after: OLD, fields: apply(OLD), ends: 'unchanged' },
  'a rule that is refused': { before: OLD, after: OLD, fields: apply(BAD), ends: 'rule_rejected' },
  remove: { before: OLD, after: null, fields: named('remove'), ends: 'removed' },
  rollback: { before: OLD, after: NEW, fields: named('rollback'), ends: 'applied' },
  check: {
    before: OLD,
    after: OLD,
    fields: (revision) => ({ action: 'check', ...apply(NEW)(revision) }),
    ends: 'checked',
  },
  report: { before: OLD, after: OLD, fields: () => ({ action: 'report' }), ends: 'reported' },
  'a change that is confirmed': {
    before: OLD,
    after: NEW,
    fields: apply(NEW, MANUAL),
    answer: 'confirm',
    ends: 'applied',
  },
  'a change that is aborted': {
    before: OLD,
    after: OLD,
    fields: apply(NEW, MANUAL),
    answer: 'abort',
    ends: 'aborted',
  },
} satisfies Record<string, Action>;
export type ActionName = keyof typeof ACTIONS;

export interface TrialResult {
  /** Whether the call was reached, and so failed. */
  hasFailed: boolean;
  end: string;
  /** What is not as it has to be. */
  faults: string[];
}

/** Runs actions on one host while one call of its worker fails, and looks at what becomes of them. */
export class CallTrial {
  readonly #host: TestHost;
  readonly #client: TestClient;
  readonly #calls: FailingCalls;
  readonly #saves = new Map<Live, string>();
  #revision = 0;
  #idle = { files: 0, children: 0 };

  constructor(host: TestHost, client: TestClient, calls: FailingCalls) {
    this.#host = host;
    this.#client = client;
    this.#calls = calls;
  }

  /** Gets to know the rules that belong to each text, and what the worker has open while it does nothing. */
  async prepare(): Promise<void> {
    for (const live of [NEW, OLD, null]) {
      await this.#bringTo(live);
      this.#saves.set(live, await this.#host.namespace.save());
    }
    // The monitor of live rules is started again a while after a job.
    await sleep(2_000);
    this.#idle = await this.#held();
  }

  /** @returns how many calls of the kind the action makes */
  async count(name: ActionName, kind: CallKind): Promise<number> {
    await this.#bringTo(ACTIONS[name].before);
    await this.#calls.count(kind);
    await this.#run(ACTIONS[name], this.#next());
    return (await this.#calls.end()).seen;
  }

  async run(name: ActionName, kind: CallKind, fault: CallFault, at: number): Promise<TrialResult> {
    const action: Action = ACTIONS[name];
    await this.#bringTo(action.before);
    const revision = this.#next();
    await this.#calls.failNext(kind, fault, at);
    const { pid } = this.#host;
    const running = this.#run(action, revision);
    running.catch(() => {});
    const end = await Promise.race([running, this.#whenDead(running)]);
    const { hasFailed } = await this.#calls.end();
    const faults: string[] = [];
    if (fault !== 'SIGKILL' && this.#host.worker.pid !== pid) faults.push('the worker ended');
    // Node leaves up to three descriptors open of a program that it could not start for want of others (uv_spawn, Node 20).
    if (fault === 'EMFILE' || fault === 'ENFILE') this.#idle.files += 3;
    faults.push(...(await this.#faultsOf(end, action, revision)));
    faults.push(...(await this.#leftBehind(kind, fault)));
    return { hasFailed, end: wordOf(end), faults };
  }

  /** A worker that is killed is started again, as systemd does. */
  async #whenDead(running: Promise<JobCompletedEvent>): Promise<JobCompletedEvent> {
    const over = running.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, sleep(20, false)]))) {
      if (this.#host.worker.exitCode === null && this.#host.worker.signalCode === null) continue;
      await this.#host.start();
      this.#idle = { ...this.#idle, files: Number.POSITIVE_INFINITY };
    }
    return await running;
  }

  async #run({ fields, answer }: Action, revision: number): Promise<JobCompletedEvent> {
    const { id: hostId } = this.#host;
    const job = makeJob(hostId, fields(revision));
    this.#client.heard.length = 0;
    await this.#client.publish(hostId, job);
    if (answer !== undefined) {
      const isWaiting = () =>
        this.#client.heard.some(({ event }) => event.type === 'fleetwall.job.awaiting_confirmation');
      await until(
        () => isWaiting() || this.#client.completions(job.id).length > 0,
        'the change waits',
        WAIT_MS,
      );
      const { apiVersion, issuedAt, target } = job;
      const control = { id: crypto.randomUUID(), apiVersion, issuedAt, target, kind: answer, jobId: job.id };
      await this.#client.publish(hostId, control, {}, CONTROL_EXCHANGE);
    }
    await until(() => this.#client.completions(job.id).length > 0, `the end of job ${job.id}`, WAIT_MS);
    return this.#client.completions(job.id)[0] as JobCompletedEvent;
  }

  async #faultsOf(end: JobCompletedEvent, action: Action, revision: number): Promise<string[]> {
    const faults = await this.#endFaults(end, action);
    const isWell = end.data.failure === null;
    // The answer to any job comes after what a killed worker has left is settled.
    const report = await this.#report();
    if (report === null) faults.push('no report afterwards');
    const wanted = isWell ? action.after : action.before;
    const live = await this.#host.namespace.save();
    if (live !== this.#saves.get(wanted))
      faults.push(`told ${wordOf(end)}, and live is ${this.#nameOf(live)}`);
    const known = report?.find(({ name }) => name === 'edge');
    const committed = known?.revision ?? null;
    const isCommitted = isWell && !['check', 'report'].includes(end.data.action ?? '');
    if (wanted !== null && (isCommitted ? committed !== revision : committed === revision))
      faults.push(`told ${wordOf(end)}, and committed is revision ${committed}, asked for ${revision}`);
    const ids = new Set(this.#client.completions(end.subject).map(({ id }) => id));
    if (ids.size !== 1) faults.push(`${ids.size} ends`);
    return faults;
  }

  /** Of the end alone. */
  async #endFaults(end: JobCompletedEvent, { ends }: Action): Promise<string[]> {
    const faults: string[] = [];
    const { failure, outcome } = end.data;
    if (failure === null && ends !== outcome && !['applied', 'unchanged'].includes(outcome))
      faults.push(`ended ${outcome}, not ${ends}`);
    if (failure?.code === 'internal') faults.push(`internal: ${failure.message}`);
    if (failure?.code === 'undo_failed') await this.#heard('fleetwall.job.undone', faults);
    return faults;
  }

  async #report() {
    for (let tries = 0; tries < 3; tries += 1) {
      const { data } = await this.#client.run(this.#host.id, { action: 'report' });
      if (data.report !== null) return data.report.rulesets;
    }
    return null;
  }

  async #heard(type: string, faults: string[]): Promise<void> {
    const isHeard = () => this.#client.heard.some(({ event }) => event.type === type);
    await until(isHeard, type, WAIT_MS).catch((error: unknown) => faults.push((error as Error).message));
  }

  /** Files, programs and descriptors that nobody needs any more; each has a while to go. */
  async #leftBehind(kind: CallKind, fault: CallFault): Promise<string[]> {
    const look = async () => {
      const files = await readdir(this.#host.stateDir, { recursive: true });
      // Whoever writes the file next writes over what a killed worker has left beside it, or what could not be taken away.
      const mayStay = fault === 'SIGKILL' || kind === 'unlink';
      const isLeft = (file: string) => !mayStay && file.endsWith('.new');
      const odd = files.filter((file) => isLeft(file) || file.endsWith('change.json'));
      const held = await this.#held();
      return [
        ...odd.map((file) => `left: ${file}`),
        ...(held.children > this.#idle.children
          ? [`${held.children - this.#idle.children} children left`]
          : []),
        ...(held.files > this.#idle.files + 2 ? [`${held.files - this.#idle.files} descriptors left`] : []),
      ];
    };
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const left = await look();
      if (left.length === 0 || Date.now() > deadline) return left;
      await sleep(100);
    }
  }

  async #held(): Promise<{ files: number; children: number }> {
    const { pid } = this.#host;
    const files = await readdir(`/proc/${pid}/fd`);
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return { files: files.length, children: children.split(' ').filter((word) => word.trim() !== '').length };
  }

  /** Makes this live, by jobs that meet no fault, with the other text before it to go back to. */
  async #bringTo(live: Live): Promise<void> {
    const steps = live === null ? [] : [live === OLD ? NEW : OLD, live];
    for (const text of steps) await this.#runWell(apply(text)(this.#next()));
    if (live === null) await this.#runWell(named('remove')(this.#next()));
  }

  async #runWell(fields: object): Promise<void> {
    const { data } = await this.#client.run(this.#host.id, fields);
    if (data.failure !== null)
      throw new Error(`a job without a fault failed: ${JSON.stringify(data.failure)}`);
  }

  #nameOf(live: string): string {
    for (const [text, save] of this.#saves) {
      if (save === live) return text === null ? 'nothing' : text === OLD ? 'the old text' : 'the new text';
    }
    return `neither text:\n${live}`;
  }

  #next(): number {
    this.#revision += 1;
    return this.#revision;
  }
}

function wordOf({ data: { outcome, failure } }: JobCompletedEvent): string {
  return failure?.code ?? outcome;
}

async function until(done: () => boolean, what: string, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await sleep(5);
  }
}
