import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { FileError } from '../../src/cli/files/file-error.ts';
import { readRulesetFile } from '../../src/cli/files/ruleset-file.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { readHostPolicy } from '../../src/config/read-host-policy.ts';
import { readHostProbes } from '../../src/config/read-host-probes.ts';
import { SettingsError } from '../../src/config/settings-error.ts';
import { readTrustedKeys } from '../../src/config/trusted-keys.ts';
import { ControlMessage } from '../../src/contract/jobs/control.ts';
import { EVENTS_EXCHANGE, OPERATOR_EXCHANGE } from '../../src/contract/words/names.ts';
import { FileJournal } from '../../src/host/state/journal.ts';
import { FileOutboxStore } from '../../src/host/state/outbox-store.ts';
import { FileRulesetStore } from '../../src/host/state/ruleset-store.ts';
import { FileUndoneStore } from '../../src/host/state/undone-store.ts';
import { decodeJob, decodeJson } from '../../src/job/intake/decode.ts';
import { JobFailure } from '../../src/job/outcome/job-failure.ts';
import { parseSnapshot } from '../../src/job/plan/snapshot.ts';
import { JournalDamaged } from '../../src/job/ports/pending.ts';
import { StateUnavailable } from '../../src/job/ports/stores.ts';
import { readError } from '../../src/netfilter/tables/read-error.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';
import { workerEventOf } from './example-events.ts';

/** Reads bytes of an unknown writer. Whatever else it throws than what it says that it throws is a fault. */
interface Target {
  read(bytes: Buffer): unknown;
  throws: readonly (new (...args: never[]) => Error)[];
  /** What the search begins with. */
  seeds: readonly string[];
}

const FOLDER = process.env['FUZZ_FOLDER'] ?? `/dev/shm/fleetwall-fuzz-${process.pid}`;

/** Takes away the files that readers of files have read. */
export function takeAwayFiles(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

/** Writes the bytes to a file, for a reader of files. */
function file(name: string, bytes: Buffer): string {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const path = join(FOLDER, name);
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}

function stateFile(folder: string, name: string, bytes: Buffer): string {
  mkdirSync(join(FOLDER, folder), { recursive: true, mode: 0o700 });
  writeFileSync(join(FOLDER, folder, name), bytes, { mode: 0o600 });
  return FOLDER;
}

const delivery = (body: Buffer, contentType: string) => ({
  body,
  contentType,
  contentEncoding: undefined,
  messageId: 'fuzz',
  redelivered: false,
  attempt: 1,
  headers: {},
  gone: new AbortController().signal,
});
const UNSIGNED = { keys: async () => null };
const NO_KEYS = { keys: async () => [] };

const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:edge - [0:0]\n-A INPUT -j edge\n[1:60] -A edge -s 192.0.2.0/24 ! -i lo -p tcp -m tcp --dport 22 -m comment --comment "a \\"b\\"" -j DROP\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n';
const JOB = JSON.stringify({
  apiVersion: 'fleetwall/v1',
  id: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  action: 'apply',
  issuedAt: '2026-11-22T10:00:00Z',
  target: { hosts: ['web-1'] },
  ruleset: { name: 'edge', revision: 7, ipv4: RULES },
  confirm: { mode: 'probe', timeoutSeconds: 30 },
});
const CONTROL = JSON.stringify({
  apiVersion: 'fleetwall/v1',
  id: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  kind: 'confirm',
  jobId: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  issuedAt: '2026-11-22T10:00:00Z',
  target: { all: true },
});
const JWS = JSON.stringify({
  payload: 'e30',
  signatures: [{ protected: 'eyJhbGciOiJFZERTQSIsImtpZCI6ImEifQ', signature: 'AA' }],
});
const EVENT = JSON.stringify(workerEventOf('web-1', [], 'fleetwall.worker.heartbeat'));
const RECORD = JSON.stringify({
  version: 1,
  name: 'edge',
  scope: 'chains',
  committed: { revision: 1, digest: `sha256:${'a'.repeat(64)}` },
  committedBy: null,
  live: null,
  earlier: [],
  claims: { tables: [], chains: [], hooks: [] },
});
const message = (body: Buffer, exchange: string) => ({
  exchange,
  key: 'web-1.worker.heartbeat',
  user: undefined,
  contentType: undefined,
  offset: null,
  body,
});

/** Each reader of what strangers, hosts, tools and operators have written. */
export const TARGETS: Readonly<Record<string, Target>> = {
  job: {
    read: async (bytes) => await decodeJob(delivery(bytes, 'application/json'), UNSIGNED),
    throws: [JobFailure],
    seeds: [JOB],
  },
  'signed-job': {
    read: async (bytes) => await decodeJob(delivery(bytes, 'application/jose+json'), NO_KEYS),
    throws: [JobFailure],
    seeds: [JWS],
  },
  control: {
    read: async (bytes) =>
      ControlMessage.safeParse((await decodeJson(delivery(bytes, 'application/json'), UNSIGNED)).message),
    throws: [JobFailure],
    seeds: [CONTROL],
  },
  event: {
    read: (bytes) => new EventReader(undefined).read(message(bytes, EVENTS_EXCHANGE)),
    throws: [],
    seeds: [EVENT],
  },
  'rollout-event': {
    read: (bytes) => new EventReader(undefined).read(message(bytes, OPERATOR_EXCHANGE)),
    throws: [],
    seeds: [EVENT.replace('worker.heartbeat', 'rollout.started')],
  },
  rules: {
    read: (bytes) => readWanted({ scope: 'chains', ipv4: bytes.toString('utf8') }),
    throws: [],
    seeds: [RULES],
  },
  'whole-tables': {
    read: (bytes) => readWanted({ scope: 'tables', ipv6: bytes.toString('utf8') }),
    throws: [],
    seeds: [RULES, '*filter\n-N a\n-P INPUT DROP\n-I INPUT 1 -j a\n-F a\n-X a\nCOMMIT\n'],
  },
  save: { read: (bytes) => readSavedTables(bytes.toString('latin1')), throws: [], seeds: [RULES] },
  snapshot: {
    read: (bytes) => parseSnapshot({ ipv4: bytes.toString('latin1'), ipv6: '' }),
    throws: [JournalDamaged],
    seeds: [RULES],
  },
  'tool-error': {
    read: (bytes) => readError({ exitCode: 2, stderr: bytes.toString('utf8'), commitLine: 9 }),
    throws: [],
    seeds: [
      'iptables-restore v1.8.9 (nf_tables): unknown option "--bogus"\nError occurred at line: 4\n',
      'iptables-nft-restore v1.8.9 (nf_tables): \nline 4: RULE_APPEND failed (Invalid argument): rule in chain INPUT\n',
      'iptables-legacy-restore: line 6 failed\n',
    ],
  },
  'ruleset-file': {
    read: async (bytes) => await readRulesetFile(file('edge.yaml', bytes), {}),
    throws: [FileError],
    seeds: ['name: edge\nrevision: 7\nboth: |\n  *filter\n  :edge - [0:0]\n  COMMIT\n', RULES],
  },
  settings: {
    read: async (bytes) =>
      await loadSettings({ flags: {}, environment: {}, configFile: file('worker.yaml', bytes) }),
    throws: [SettingsError],
    seeds: ['hostId: web-1\ngroups: [web]\namqpUrl: amqp://127.0.0.1\nallowUnsigned: true\n'],
  },
  policy: {
    read: async (bytes) => await readHostPolicy(file('policy.yaml', bytes)),
    throws: [SettingsError],
    seeds: ['tables: [filter]\nrequired:\n  - { chain: INPUT, rule: "-p tcp --dport 22 -j ACCEPT" }\n'],
  },
  probes: {
    read: async (bytes) => await readHostProbes(file('probes.yaml', bytes)),
    throws: [SettingsError],
    seeds: ['probes:\n  - { name: dns, tcp: "192.0.2.1:53" }\n'],
  },
  keys: {
    read: async (bytes) => await readTrustedKeys(file('keys.json', bytes)),
    throws: [SettingsError],
    seeds: [
      '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
    ],
  },
  'state-ruleset': {
    read: async (bytes) => await new FileRulesetStore(stateFile('rulesets', 'edge.json', bytes)).list(),
    throws: [StateUnavailable],
    seeds: [RECORD],
  },
  'state-journal': {
    read: async (bytes) => await new FileJournal(stateFile('journal', 'change.json', bytes)).read(),
    throws: [StateUnavailable, JournalDamaged],
    seeds: [RECORD],
  },
  'state-outbox': {
    read: async (bytes) => await new FileOutboxStore(stateFile('outbox', '1.json', bytes)).list(),
    throws: [StateUnavailable],
    seeds: [`{"sequence":1,"event":${EVENT},"headers":{}}`],
  },
  'state-undone': {
    read: async (bytes) => await new FileUndoneStore(stateFile('undone', 'a.json', bytes)).list(),
    throws: [StateUnavailable],
    seeds: [`{"event":${EVENT},"headers":{}}`],
  },
};

const target = TARGETS[process.env['FUZZ_TARGET'] ?? ''];

/** Called by the fuzzer with each input. @public */
export async function fuzz(bytes: Buffer): Promise<void> {
  if (target === undefined) throw new Error('FUZZ_TARGET names no target');
  try {
    await target.read(bytes);
  } catch (error) {
    if (!target.throws.some((kind) => error instanceof kind)) throw error;
  }
}
