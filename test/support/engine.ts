import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerSettings } from '../../src/config/worker-settings.ts';
import type { Timings } from '../../src/contract/events/timings.ts';
import type { HostPolicy } from '../../src/contract/jobs/host-policy.ts';
import type { ApplyJob, Ruleset } from '../../src/contract/jobs/job.ts';
import type { Scope } from '../../src/contract/words/identifiers.ts';
import type { JobEnd } from '../../src/job/outcome/job-end.ts';
import { JobRun } from '../../src/job/outcome/job-run.ts';
import { NO_ANSWERS } from '../../src/job/ports/confirmation.ts';
import type { Ports } from '../../src/job/ports/ports.ts';
import { runJob } from '../../src/job/run-job.ts';
import { Stopwatch } from '../../src/job/time/stopwatch.ts';
import { silentLog } from '../../src/log/logger.ts';
import { preparePorts } from '../../src/worker/open/prepare.ts';
import { type Backend, TestNamespace } from './namespace.ts';

export interface EngineRun {
  ms: number;
  timings: Timings;
  end: JobEnd;
}

/** Runs jobs on a namespace of its own as the worker does, but without a broker. */
export class Engine {
  readonly namespace: TestNamespace;
  readonly #folder: string;
  readonly #ports: Ports;
  #revision = 0;

  private constructor(namespace: TestNamespace, folder: string, ports: Ports) {
    this.namespace = namespace;
    this.#folder = folder;
    this.#ports = ports;
  }

  /** @param change of what the engine works with */
  static async open(
    backend: Backend,
    policy?: HostPolicy,
    change: (ports: Ports) => Ports = (ports) => ports,
  ): Promise<Engine> {
    const namespace = await TestNamespace.create(backend);
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-bench-'));
    await mkdir(join(folder, 'state'));
    const settings = WorkerSettings.parse({
      hostId: 'bench',
      backend,
      netns: namespace.name,
      stateDir: join(folder, 'state'),
      runDir: join(folder, 'run'),
    });
    const ports = await preparePorts(settings, {
      probes: [],
      ...(policy === undefined ? {} : { policy }),
      events: { publish: async () => {}, confirmed: async () => {} },
      answers: NO_ANSWERS,
      hasBroker: false,
      log: silentLog(),
    });
    return new Engine(namespace, folder, change(ports));
  }

  /** Runs an apply job with the next revision to its end. */
  async apply(
    ipv4: string,
    { scope = 'chains', ...more }: Partial<Ruleset> & { scope?: Scope } = {},
  ): Promise<EngineRun> {
    return await this.run('apply', { scope, ipv4, ...more });
  }

  /** Runs a job of a ruleset to its end, an apply with the next revision. */
  async run(action: ApplyJob['action'], ruleset: Partial<Ruleset>): Promise<EngineRun> {
    this.#revision += 1;
    const job: ApplyJob = {
      apiVersion: 'fleetwall/v1',
      id: randomUUID(),
      action,
      issuedAt: new Date().toISOString(),
      target: { all: true },
      confirm: { mode: 'none', timeoutSeconds: 30 },
      ruleset: { name: 'bench', revision: this.#revision, scope: 'chains', adopt: [], ...ruleset },
    };
    const origin = {
      attempt: 1,
      redelivered: false,
      authenticated: false,
      deliveredAt: job.issuedAt,
      headers: {},
    };
    const run = new JobRun(job, origin, new Stopwatch(), this.#ports);
    const start = performance.now();
    await runJob(run, this.#ports);
    const ms = performance.now() - start;
    const { end, event } = run;
    if (end === null || event === null) throw new Error('the job has no end');
    return { ms, timings: event.data.timings, end };
  }

  /** How many milliseconds a bare tool takes for the same rules; without hooks if it only replaces chains. */
  async bare(program: string, args: string[], text = '', withoutHooks = false): Promise<number> {
    const input = withoutHooks ? text.replace(/^-A INPUT .*\n/gm, '') : text;
    const start = performance.now();
    await this.namespace.run(program, args, input);
    return performance.now() - start;
  }

  async close(): Promise<void> {
    await this.namespace.remove();
    await rm(this.#folder, { recursive: true });
  }
}
