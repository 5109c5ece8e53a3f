import { hostname } from 'node:os';
import * as z from 'zod';
import { GroupName, HostId } from '../contract/words/identifiers.ts';
import { LONGEST_WAIT_SECONDS, readDecimal } from '../system/longest-wait.ts';
import { AmqpAddress } from './amqp-address.ts';
import { HttpAddress } from './http-address.ts';
import { helpOf, told } from './setting-help.ts';

/** Settings come as text from flags and the environment, and as YAML values from the file. */
const list = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .split(',')
            .map((part) => part.trim())
            .filter((part) => part !== '')
        : value,
    z.array(item),
  );
const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean('must be true or false'),
);
const seconds = z.preprocess(
  (value) => (typeof value === 'string' ? readDecimal(value) : value),
  z
    .number('must be a number of seconds')
    .positive('must be more than 0')
    .max(LONGEST_WAIT_SECONDS, `must be at most ${LONGEST_WAIT_SECONDS}`),
);
/** Relative ones are resolved where they come from: see `resolve-file.ts`. */
const file = z.string().min(1, 'must be the path of a file');
/** All commands that change this host must mean the same folder by it, wherever they are started. */
const folder = z.string().startsWith('/', 'must be an absolute path');

const STATE_DIR = '/var/lib/fleetwall';

/** The settings, by their names in the file: what each may be, and what the help says of it. */
export const SETTINGS = z.object({
  hostId: told(
    HostId.default(() => hostname().split('.', 1)[0]?.toLowerCase() ?? ''),
    'id',
    'the id of this host, by which jobs name it; two workers must not have the same',
    'the host name up to its first dot, in lower case',
  ),
  groups: told(
    list(GroupName).default([]),
    'names',
    'the groups that this host belongs to, with commas between; it gets the jobs of each',
  ),
  amqpUrl: told(
    list(AmqpAddress)
      .refine((addresses) => addresses.length > 0, 'must name at least one broker')
      .prefault('amqp://127.0.0.1:5672'),
    'url',
    "the broker's address, amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps: for TLS; several, with commas between, are the nodes of one cluster",
  ),
  amqpPasswordFile: told(
    file.optional(),
    'file',
    "a file with the user's password on the broker, in place of a password in the address",
  ),
  amqpCa: told(
    file.optional(),
    'file',
    "a PEM file of the authorities that may have signed the broker's certificate; for amqps only",
    'those that Node.js knows',
  ),
  amqpCert: told(
    file.optional(),
    'file',
    'a PEM file with the certificate to show to the broker; if the address names no user, the broker takes the user from it',
  ),
  amqpKey: told(
    file.optional(),
    'file',
    "a PEM file with that certificate's private key; no other user may be able to read it",
  ),
  queueType: told(
    z.enum(['quorum', 'classic'], 'must be quorum or classic').default('quorum'),
    'type',
    "which type of queue to make for this host's jobs, quorum or classic; a queue that exists stays as it is",
  ),
  trustedKeys: told(
    file.optional(),
    'file',
    'a JWK set of public keys; jobs that none of them has signed are refused',
  ),
  allowUnsigned: told(
    flag.default(false),
    'true|false',
    'whether to start without trusted keys, and so run jobs that nobody has signed',
  ),
  backend: told(
    z.enum(['nft', 'legacy', 'auto'], 'must be nft, legacy or auto').default('auto'),
    'variant',
    "which variant of iptables to use: nft, legacy, or auto for the one that the host's own iptables is",
  ),
  netns: told(
    z
      .string()
      .regex(/^[^/\0]+$/, 'must be the name of a network namespace')
      .optional(),
    'name',
    "a named network namespace whose rules are managed, in place of the worker's own",
  ),
  stateDir: told(
    folder.optional(),
    'folder',
    'where rulesets, results and the files for boot are kept; each worker needs a folder of its own',
    '/var/lib/fleetwall; with a network namespace to manage, /var/lib/fleetwall-NAME',
  ),
  runDir: told(
    folder.default('/run/fleetwall'),
    'folder',
    'where the lock is; all that change the rules of this host must use the same folder',
  ),
  lockTimeoutSeconds: told(
    seconds.default(10),
    'seconds',
    "how many seconds a job waits for this host's lock, and again for the lock of iptables, before it fails",
  ),
  applyTimeoutSeconds: told(
    seconds.default(60),
    'seconds',
    'how many seconds iptables has to save or to restore rules before the job fails',
  ),
  policy: told(file.optional(), 'file', 'a YAML file of limits on what jobs may do on this host'),
  probes: told(
    file.optional(),
    'file',
    "a YAML file of this host's own checks; a change after which one of them fails is taken back",
  ),
  drift: told(
    z.enum(['report', 'repair', 'off'], 'must be report, repair or off').default('report'),
    'what',
    'what to do when the live rules are not those that were committed: report it, repair it by putting them back, or off to not look',
  ),
  driftIntervalSeconds: told(
    seconds.default(60),
    'seconds',
    'how many seconds lie between two looks at whether the rules have drifted',
  ),
  heartbeatSeconds: told(
    seconds.default(30),
    'seconds',
    'how many seconds lie between two heartbeats, which tell the fleet that this host is there',
  ),
  httpAddress: told(
    HttpAddress.optional(),
    'address',
    'where to serve /metrics, /healthz and /readyz, such as 127.0.0.1:9464',
    'nowhere',
  ),
  eventText: told(
    z.enum(['full', 'none'], 'must be full or none').default('full'),
    'what',
    'what events carry of rules and of the output of iptables: full texts, or none',
  ),
  logLevel: told(
    z
      .enum(
        ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
        'must be a level of pino, such as info',
      )
      .default('info'),
    'level',
    'what to log: fatal, error, warn, info, debug or trace, each with those before it; or silent',
  ),
  logFile: told(
    file.optional(),
    'file',
    'the file to log to; it is opened again on SIGHUP',
    'standard output',
  ),
});
export type SettingName = keyof typeof SETTINGS.shape;

/** The worker's settings, with what follows from others where it is not given. */
export const WorkerSettings = SETTINGS.transform(({ stateDir, ...settings }) => ({
  ...settings,
  stateDir: stateDir ?? (settings.netns === undefined ? STATE_DIR : `${STATE_DIR}-${settings.netns}`),
}));
/** With what was in the files that they name. */
export type WorkerSettings = z.infer<typeof WorkerSettings> & { tls?: TlsSettings };

/** PEM texts. */
export interface TlsSettings {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** The broker is to take the user from the certificate. */
  external: boolean;
}

export const SETTING_NAMES = Object.keys(SETTINGS.shape) as SettingName[];

/** `hostId` is `FLEETWALL_HOST_ID` in the environment … */
export function environmentName(setting: string): string {
  return `FLEETWALL_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** … and `--host-id` on the command line. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A setting as an option of the command line, with all the ways to give it. */
export function describeSetting(name: SettingName): { flags: string; description: string } {
  const { value, description, fallback } = helpOf(SETTINGS.shape[name]);
  const origins = [`env: ${environmentName(name)}`, ...(fallback === '' ? [] : [`default: ${fallback}`])];
  return { flags: `${flagName(name)} <${value}>`, description: `${description} (${origins.join(', ')})` };
}
