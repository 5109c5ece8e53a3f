import { hostname } from 'node:os';
import { z } from 'zod';
import { GroupName, HostId } from '../contract/identifiers.ts';
import { AmqpAddress } from './amqp-address.ts';
import { HttpAddress } from './http-address.ts';

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
const seconds = z.coerce.number('must be a number of seconds').positive('must be more than 0');
const path = z.string().startsWith('/', 'must be an absolute path');

/** The worker's settings, by their names in the file; see contract v1 for what each means. */
export const WorkerSettings = z.object({
  hostId: HostId.default(() => hostname().split('.', 1)[0]?.toLowerCase() ?? ''),
  groups: list(GroupName).default([]),
  amqpUrl: list(AmqpAddress)
    .refine((addresses) => addresses.length > 0, 'must name at least one broker')
    .prefault('amqp://127.0.0.1:5672'),
  amqpPasswordFile: path.optional(),
  amqpCa: path.optional(),
  amqpCert: path.optional(),
  amqpKey: path.optional(),
  queueType: z.enum(['quorum', 'classic'], 'must be quorum or classic').default('quorum'),
  trustedKeys: path.optional(),
  allowUnsigned: flag.default(false),
  backend: z.enum(['nft', 'legacy', 'auto'], 'must be nft, legacy or auto').default('auto'),
  netns: z
    .string()
    .regex(/^[^/\0]+$/, 'must be the name of a network namespace')
    .optional(),
  stateDir: path.default('/var/lib/fleetwall'),
  runDir: path.default('/run/fleetwall'),
  lockTimeoutSeconds: seconds.default(10),
  applyTimeoutSeconds: seconds.default(60),
  policy: path.optional(),
  probes: path.optional(),
  drift: z.enum(['report', 'repair', 'off'], 'must be report, repair or off').default('report'),
  driftIntervalSeconds: seconds.default(60),
  heartbeatSeconds: seconds.default(30),
  httpAddress: HttpAddress.optional(),
  eventText: z.enum(['full', 'none'], 'must be full or none').default('full'),
  logLevel: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be a level of pino, such as info',
    )
    .default('info'),
  logFile: path.optional(),
});
export type SettingName = keyof z.infer<typeof WorkerSettings>;
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

export const SETTING_NAMES = Object.keys(WorkerSettings.shape) as SettingName[];

/** `hostId` is `FLEETWALL_HOST_ID` in the environment … */
export function environmentName(setting: string): string {
  return `FLEETWALL_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** … and `--host-id` on the command line. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
