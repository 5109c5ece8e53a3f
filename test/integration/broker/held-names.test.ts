import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { FleetLink } from '../../../src/broker/fleet-link.ts';
import { silentLog } from '../../../src/log/logger.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';

/** Longer than the pauses between two tries to hold a name again. */
const TRIES_MS = 2_500;

async function connect(url: string): Promise<FleetLink> {
  const { hostname, port } = new URL(url);
  const access = { addresses: [{ hostname, port: Number(port) }], tls: { external: false } };
  return await FleetLink.connect({ access, name: 'names', log: silentLog() });
}

describe('a name that only one connection can have', () => {
  let proxy: FaultProxy;
  let one: FleetLink;
  let two: FleetLink;
  const name = `fleetwall.test-name-${process.pid}`;
  const nothing = () => {};

  beforeEach(async () => {
    proxy = await FaultProxy.start(inject('brokerUrl'));
    one = await connect(proxy.url);
    two = await connect(inject('brokerUrl'));
  });
  afterEach(async () => {
    await one.close();
    await two.close();
    proxy.stop();
  });

  /** Breaks the connection of the first, until the second has the name. */
  async function takeAway(): Promise<void> {
    for (;;) {
      proxy.breakAll();
      for (let tries = 0; tries < 50; tries += 1) {
        if (await two.names.hold(name, nothing)) return;
        await sleep(10);
      }
    }
  }

  it('is not taken again once it was released, while another connection had it', async () => {
    expect(await one.names.hold(name, nothing)).toBe(true);
    await takeAway();
    await expect.poll(() => one.isConnected).toBe(true);
    await sleep(500);
    one.names.release(name);
    two.names.release(name);
    await sleep(TRIES_MS);
    expect(await two.names.isHeld(name)).toBe(false);
  });
});
