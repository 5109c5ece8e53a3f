import { createHash } from 'node:crypto';
import { dirname, isAbsolute, resolve } from 'node:path';
import * as z from 'zod';
import { readYamlSettings } from '../config/read-yaml.ts';
import { GateName, type GateRules } from '../contract/rollouts/gates.ts';

const LONGEST_SECONDS = 300;
const MOST_GATES = 50;
const MOST_FAILURES = 100;
const LONGEST_DAY = 86_400;
const Url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).refine((url) => {
  const { username, password } = new URL(url);
  return username === '' && password === '';
}, 'must have no user and password in it: a token is read from tokenFile');
const Asked = {
  url: Url,
  /** A file whose content is sent as a bearer token. */
  tokenFile: z.string().min(1).optional(),
  timeoutSeconds: z.number().positive().max(LONGEST_SECONDS).default(10),
};
const Bound = z.number();
const PrometheusGate = z
  .strictObject({
    ...Asked,
    query: z.string().min(1),
    below: Bound.optional(),
    above: Bound.optional(),
  })
  .refine(
    ({ below, above }) => (below === undefined) !== (above === undefined),
    'must have one of below and above',
  );
const HttpGate = z.strictObject({ ...Asked, status: z.int().min(100).max(599).default(200) });
const Gate = z.union(
  [
    z.strictObject({ name: GateName, prometheus: PrometheusGate }),
    z.strictObject({ name: GateName, http: HttpGate }),
    z.strictObject({
      name: GateName,
      command: z.array(z.string()).min(1),
      timeoutSeconds: z.number().positive().max(LONGEST_SECONDS).default(10),
    }),
  ],
  {
    error: ({ input }) => explainGate(input),
  },
);
export type Gate = z.infer<typeof Gate>;
export type PrometheusGate = z.infer<typeof PrometheusGate>;
export type HttpGate = z.infer<typeof HttpGate>;

const GatesFile = z.strictObject({
  gates: z
    .array(Gate)
    .min(1, 'must name at least one gate')
    .max(MOST_GATES)
    .refine(
      (gates) => new Set(gates.map(({ name }) => name)).size === gates.length,
      'must have a name of its own for each gate',
    ),
  every: z.number().positive().max(LONGEST_DAY).default(15),
  failures: z.int().min(1).max(MOST_FAILURES).default(1),
  onInconclusive: z.enum(['pause', 'fail']).default('pause'),
});

/** What gates look at, ready to be looked at, and by what rules they decide. */
export interface Gates {
  rules: GateRules;
  gates: readonly Gate[];
  /** Where commands are run. */
  folder: string;
}

/** Reads what to look at in a rollout. Paths in it are relative to the file. @throws {SettingsError} */
export async function readGates(path: string): Promise<Gates> {
  const file = await readYamlSettings(path, GatesFile);
  const folder = resolve(dirname(path));
  const gates = file.gates.map((gate) => withPaths(gate, folder));
  const { every, failures, onInconclusive } = file;
  const digest = createHash('sha256').update(JSON.stringify({ gates, every, failures, onInconclusive }));
  return {
    folder,
    gates,
    rules: {
      names: gates.map(({ name }) => name),
      digest: digest.digest('hex'),
      everySeconds: every,
      failures,
      onInconclusive,
    },
  };
}

function withPaths(gate: Gate, folder: string): Gate {
  if ('command' in gate) {
    const [file = '', ...args] = gate.command;
    // One without a slash is looked for on the path.
    return file.includes('/') ? { ...gate, command: [resolve(folder, file), ...args] } : gate;
  }
  const withToken = <T extends { tokenFile?: string | undefined }>(asked: T): T =>
    asked.tokenFile === undefined || isAbsolute(asked.tokenFile)
      ? asked
      : { ...asked, tokenFile: resolve(folder, asked.tokenFile) };
  return 'prometheus' in gate
    ? { ...gate, prometheus: withToken(gate.prometheus) }
    : { ...gate, http: withToken(gate.http) };
}

/** zod says of a union only that nothing in it fits: this says what is wrong with the kind that was meant. */
function explainGate(input: unknown): string {
  const KINDS = 'must have a name and one of prometheus, http and command';
  if (typeof input !== 'object' || input === null) return KINDS;
  const kinds = ['prometheus', 'http', 'command'].filter((kind) => kind in input);
  if (kinds.length !== 1) return KINDS;
  const schema = Gate.options.find((option) => kinds[0] !== undefined && kinds[0] in option.shape);
  const issues = schema?.safeParse(input).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') || KINDS;
}
