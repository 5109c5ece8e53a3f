import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { TestClient } from '../../support/client.ts';
import { TestConsole } from '../../support/console.ts';
import { TestHost } from '../../support/host.ts';

const TOKEN = 'a-token-that-is-long-enough';
let folder: string;
let client: TestClient;
let host: TestHost;
let page: TestConsole;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-console-'));
  const file = join(folder, 'token');
  await writeFile(file, `${TOKEN}\n`, { mode: 0o600 });
  // The log of events is made by the first worker.
  client = await TestClient.connect(inject('brokerUrl'));
  host = await TestHost.create({ brokerUrl: inject('brokerUrl'), client, backend: 'nft' });
  await host.start();
  page = await TestConsole.start(inject('brokerUrl'), '--token-file', file);
});

afterAll(async () => {
  await page?.stop();
  await host?.remove();
  await client?.close();
  await rm(folder, { recursive: true });
});

const asked = async (token: string) =>
  (await page.ask('api/source', { headers: { authorization: `Bearer ${token}` } })).status;

it('a console answers although others keep more connections open than it serves, and say nothing', async () => {
  const port = Number(new URL(page.url).port);
  const idle = Array.from({ length: 600 }, () => connect({ host: '127.0.0.1', port }));
  for (const socket of idle) socket.on('error', () => {});
  await Promise.all(idle.map(async (socket) => await once(socket, 'connect')));
  expect(await asked(TOKEN)).toBe(200);
  for (const socket of idle) socket.destroy();
});

it('a console lets those who guess its token wait, in whichever way they do, and nobody else', async () => {
  const statuses: number[] = [];
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const guess = async (number: number) => {
    const isLogin = number % 4 === 0;
    const status = isLogin
      ? (await page.ask('login', { method: 'POST', body: `token=wrong-${number}`, headers: form })).status
      : await asked(`wrong-${number}`);
    statuses.push(status);
  };
  // Fewer than may wait come by the login alone.
  for (let number = 0; number < 80; number += 1) void guess(number).catch(() => {});
  await expect.poll(() => statuses).toContain(429);
  expect(await asked(TOKEN)).toBe(200);
  await expect.poll(() => statuses).toContain(401);
});
