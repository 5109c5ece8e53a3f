import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { EVENT_LOG_STREAM } from '../../../src/contract/words/names.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const POLL = { timeout: 30_000 };

/** As a broker that is stopped: connections are there, and nobody answers over them, nor ends them. */
describe('a command that is told to stop while its broker says nothing', () => {
  let proxy: FaultProxy;
  let folder: string;
  let child: ChildProcess | undefined;
  let told: string;
  let sent: string;
  /** The broker says nothing any more from this word of the client's on. */
  let silentFrom: string | null;

  beforeEach(async () => {
    sent = '';
    silentFrom = null;
    const observe = () => (chunk: Buffer) => {
      sent += chunk.toString('latin1');
      if (silentFrom !== null && sent.includes(silentFrom)) proxy.mode = 'silent';
    };
    proxy = await FaultProxy.start(inject('brokerUrl'), observe, true);
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-silent-'));
    told = '';
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    proxy.stop();
    await rm(folder, { recursive: true });
  });

  function begin(...args: string[]): ChildProcess {
    child = spawn(process.execPath, [MAIN, ...args, '--amqp-url', proxy.url], {
      env: { PATH: process.env['PATH'], XDG_STATE_HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk) => (told += String(chunk)));
    child.stderr?.on('data', (chunk) => (told += String(chunk)));
    return child;
  }

  async function end(command: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
    const closed = once(command, 'close');
    command.kill(signal);
    return (await closed)[0];
  }

  /** One that waits for its gate, with nothing under way on the broker. */
  async function beginRollout(): Promise<ChildProcess> {
    const rules = join(folder, 'edge.rules');
    await writeFile(rules, '*filter\n:edge - [0:0]\nCOMMIT\n');
    const gates = join(folder, 'gates.yaml');
    await writeFile(gates, 'gates: [{ name: own, command: [sh, -c, exit 7] }]');
    const rollout = begin('rollout', rules, '--name', 'edge', '--host', 'nobody', '--gates', gates);
    await expect.poll(() => told, POLL).toContain('exit status 7');
    return rollout;
  }

  it('ends with the number of the signal', async () => {
    const rollout = await beginRollout();
    proxy.mode = 'silent';
    expect(await end(rollout, 'SIGTERM')).toBe(143);
    expect(told).toContain('interrupted; no host was sent anything');
  });

  it('does so also once it has given up the connection', async () => {
    const rollout = await beginRollout();
    proxy.mode = 'silent';
    await expect.poll(() => told, POLL).toContain('Lost the connection to the broker');
    expect(await end(rollout, 'SIGINT')).toBe(130);
    expect(told).toContain('interrupted; no host was sent anything');
  });

  it.each([
    ['before its first question is answered', EVENT_LOG_STREAM],
    ['before it reads the log of events', 'x-stream-offset'],
  ])('does so also %s', async (_, word) => {
    silentFrom = word;
    const watch = begin('watch');
    await expect.poll(() => proxy.mode, POLL).toBe('silent');
    // To be interrupted is how it ends.
    expect(await end(watch, 'SIGTERM')).toBe(0);
  });
});
