import type { Command } from 'commander';
import type { ExitStatus } from './terminal/exit-status.ts';

type MakeCommand = (end: (status: ExitStatus) => void) => Command;

export interface CommandEntry {
  name: string;
  description: string;
  /** Not for people. */
  hidden?: true;
  /** What the command needs is loaded when it is chosen: none has to wait for what others need. */
  load: () => Promise<MakeCommand>;
}

/** All that `fleetwall` can do, in the order of its help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'worker',
    description: "run this host's worker until SIGTERM or SIGINT; SIGHUP reads the settings again",
    load: async () => (await import('./commands/worker.ts')).workerCommand,
  },
  {
    name: 'doctor',
    description: 'look at all that a worker with these settings needs of this host; changes nothing',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'check',
    description: 'check a ruleset on this host, without a broker and without changing anything',
    load: async () => (await import('./commands/check.ts')).checkCommand,
  },
  {
    name: 'convert',
    description:
      'rules written by hand, in any order and with any command, as iptables-save would print them',
    load: async () => (await import('./commands/convert.ts')).convertCommand,
  },
  {
    name: 'plan',
    description: 'show what an apply of a ruleset would change on this host, without a broker',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'apply',
    description: 'apply a ruleset on this host, without a broker; a worker that runs here waits meanwhile',
    load: async () => (await import('./commands/apply.ts')).applyCommand,
  },
  {
    name: 'push',
    description: 'have hosts apply a ruleset, and see how each of them ended',
    load: async () => (await import('./commands/push.ts')).pushCommand,
  },
  {
    name: 'rollout',
    description: 'a ruleset to many hosts, step by step; stops when too many fail',
    load: async () => (await import('./commands/rollout.ts')).rolloutCommand,
  },
  {
    name: 'rollback',
    description: 'have hosts go back to what they had before of a ruleset',
    load: async () => (await import('./commands/rulesets.ts')).rollbackCommand,
  },
  {
    name: 'remove',
    description: 'have hosts take a ruleset away',
    load: async () => (await import('./commands/rulesets.ts')).removeCommand,
  },
  {
    name: 'confirm',
    description: 'keep what waits to be confirmed',
    load: async () => (await import('./commands/rulesets.ts')).confirmCommand,
  },
  {
    name: 'abort',
    description: 'take back what waits to be confirmed',
    load: async () => (await import('./commands/rulesets.ts')).abortCommand,
  },
  {
    name: 'report',
    description: 'what is live on hosts, as iptables-save text',
    load: async () => (await import('./commands/rulesets.ts')).reportCommand,
  },
  {
    name: 'watch',
    description: 'events of the fleet as they come, until it is interrupted',
    load: async () => (await import('./commands/watch.ts')).watchCommand,
  },
  {
    name: 'status',
    description: 'the fleet: hosts, groups, rulesets, drift, when each was last heard of',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'provision',
    description: 'make vhost, exchanges, queues and users with the least rights on the broker',
    load: async () => (await import('./commands/provision.ts')).provisionCommand,
  },
  {
    name: 'keys',
    description: 'make and use the keys that sign jobs',
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  {
    name: 'schema',
    description: 'JSON Schema (2020-12) of messages and files, and an AsyncAPI 3 document',
    load: async () => (await import('./commands/schema.ts')).schemaCommand,
  },
  {
    name: 'service',
    description: 'run the worker under systemd',
    load: async () => (await import('./commands/service.ts')).serviceCommand,
  },
  {
    name: 'settle',
    description: 'end a change that was left in the middle',
    hidden: true,
    load: async () => (await import('./commands/settle.ts')).settleCommand,
  },
];
