import type { Command } from 'commander';
import type { ExitStatus } from './terminal/exit-status.ts';

type MakeCommand = (end: (status: ExitStatus) => void) => Command;

export interface CommandEntry {
  name: string;
  /** Under which heading of the help; the order of these is that of the headings. */
  group: 'This host:' | 'The fleet:' | 'Set-up:';
  description: string;
  /** Not for people. */
  hidden?: true;
  /** When it is chosen, with the others of its folder: many small files take longer to load. The worker is by itself. */
  load: () => Promise<MakeCommand>;
}

/** All that `fleetwall` can do, in the order of its help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'worker',
    group: 'This host:',
    description: "run this host's worker until SIGTERM or SIGINT; SIGHUP reads the settings again",
    load: async () => (await import('./commands/host/worker.ts')).workerCommand,
  },
  {
    name: 'doctor',
    group: 'This host:',
    description: 'look at all that a worker with these settings needs of this host; changes nothing',
    load: async () => (await import('./commands/host.ts')).doctorCommand,
  },
  {
    name: 'check',
    group: 'This host:',
    description: 'check a ruleset on this host, without a broker and without changing anything',
    load: async () => (await import('./commands/host.ts')).checkCommand,
  },
  {
    name: 'convert',
    group: 'This host:',
    description:
      'print rules that were written by hand, with any command of iptables-restore, as iptables-save would',
    load: async () => (await import('./commands/host.ts')).convertCommand,
  },
  {
    name: 'test',
    group: 'This host:',
    description:
      'send the packets of the tests of a ruleset to its rules, on this host alone; nothing goes live',
    load: async () => (await import('./commands/host.ts')).testCommand,
  },
  {
    name: 'plan',
    group: 'This host:',
    description: 'show what applying a ruleset would change on this host, without a broker',
    load: async () => (await import('./commands/host.ts')).planCommand,
  },
  {
    name: 'apply',
    group: 'This host:',
    description: 'apply a ruleset on this host, without a broker; a worker that runs here waits meanwhile',
    load: async () => (await import('./commands/host.ts')).applyCommand,
  },
  {
    name: 'push',
    group: 'The fleet:',
    description: 'have hosts apply a ruleset, and show how each of them ended',
    load: async () => (await import('./commands/fleet.ts')).pushCommand,
  },
  {
    name: 'rollout',
    group: 'The fleet:',
    description: 'have many hosts apply a ruleset, step by step; stops when too many fail',
    load: async () => (await import('./commands/fleet.ts')).rolloutCommand,
  },
  {
    name: 'rollback',
    group: 'The fleet:',
    description: 'have hosts go back to what they had of a ruleset before',
    load: async () => (await import('./commands/fleet.ts')).rollbackCommand,
  },
  {
    name: 'remove',
    group: 'The fleet:',
    description: 'have hosts take a ruleset away',
    load: async () => (await import('./commands/fleet.ts')).removeCommand,
  },
  {
    name: 'confirm',
    group: 'The fleet:',
    description: 'keep a change that waits to be confirmed',
    load: async () => (await import('./commands/fleet.ts')).confirmCommand,
  },
  {
    name: 'abort',
    group: 'The fleet:',
    description: 'take back a change that waits to be confirmed',
    load: async () => (await import('./commands/fleet.ts')).abortCommand,
  },
  {
    name: 'cancel',
    group: 'The fleet:',
    description: 'take back a job that has not begun, also where it comes later',
    load: async () => (await import('./commands/fleet.ts')).cancelCommand,
  },
  {
    name: 'report',
    group: 'The fleet:',
    description: 'show what is live on hosts, as iptables-save text',
    load: async () => (await import('./commands/fleet.ts')).reportCommand,
  },
  {
    name: 'watch',
    group: 'The fleet:',
    description: 'show the events of the fleet as they come, until it is interrupted',
    load: async () => (await import('./commands/fleet.ts')).watchCommand,
  },
  {
    name: 'console',
    group: 'The fleet:',
    description:
      'serve a page that shows the fleet, its rollouts and its events, now and at any time of the log',
    load: async () => (await import('./commands/fleet.ts')).consoleCommand,
  },
  {
    name: 'status',
    group: 'The fleet:',
    description: 'show the fleet: hosts, groups, rulesets, drift, when each was last heard of',
    load: async () => (await import('./commands/fleet.ts')).statusCommand,
  },
  {
    name: 'diff',
    group: 'The fleet:',
    description: 'show what a ruleset would change on hosts, without changing anything',
    load: async () => (await import('./commands/fleet.ts')).diffCommand,
  },
  {
    name: 'history',
    group: 'The fleet:',
    description: 'show what has become of rulesets, from the log of events',
    load: async () => (await import('./commands/fleet.ts')).historyCommand,
  },
  {
    name: 'list',
    group: 'The fleet:',
    description: 'change lists of addresses on hosts, which rules match; show them',
    load: async () => (await import('./commands/fleet.ts')).listCommand,
  },
  {
    name: 'forget',
    group: 'The fleet:',
    description: 'take hosts out of the fleet that are gone for good',
    load: async () => (await import('./commands/fleet.ts')).forgetCommand,
  },
  {
    name: 'provision',
    group: 'Set-up:',
    description: 'make the virtual host, exchanges, queues, and users with the least rights on the broker',
    load: async () => (await import('./commands/setup.ts')).provisionCommand,
  },
  {
    name: 'keys',
    group: 'Set-up:',
    description: 'make and use the keys that sign jobs',
    load: async () => (await import('./commands/setup.ts')).keysCommand,
  },
  {
    name: 'schema',
    group: 'Set-up:',
    description: 'print the JSON Schema (2020-12) of messages and files, or an AsyncAPI 3 document',
    load: async () => (await import('./commands/setup.ts')).schemaCommand,
  },
  {
    name: 'service',
    group: 'Set-up:',
    description: 'run the worker under systemd',
    load: async () => (await import('./commands/host.ts')).serviceCommand,
  },
  {
    name: 'completion',
    group: 'Set-up:',
    description: 'print the script by which bash, zsh or fish completes command lines of fleetwall',
    load: async () => (await import('./commands/setup.ts')).completionCommand,
  },
  {
    name: 'explain',
    group: 'Set-up:',
    description: 'tell what a failure code means, and what to do about it',
    load: async () => (await import('./commands/setup.ts')).explainCommand,
  },
  {
    name: 'settle',
    group: 'This host:',
    description: 'end a change that was left in the middle',
    hidden: true,
    load: async () => (await import('./commands/host.ts')).settleCommand,
  },
  {
    name: 'complete',
    group: 'Set-up:',
    description: 'tell a shell what can be typed at the cursor',
    hidden: true,
    load: async () => {
      const { completeCommand } = await import('./commands/setup/completion.ts');
      return (end) => completeCommand(end, { commands: shownCommands(), find: findCommand });
    },
  },
];

function shownCommands() {
  const shown = COMMANDS.filter(({ hidden = false }) => !hidden);
  const known = shown.map(({ name, description }) => ({ value: name, text: description }));
  return [...known, { value: 'help', text: 'print the help of a command' }];
}

async function findCommand(name: string): Promise<Command | undefined> {
  const load = await COMMANDS.find((entry) => entry.name === name)?.load();
  return load?.(() => {});
}
