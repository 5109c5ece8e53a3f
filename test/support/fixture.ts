import { afterEach, inject } from 'vitest';
import { TestClient } from './client.ts';
import { TestHost, type TestHostOptions } from './host.ts';
import { type Backend, TestNamespace } from './namespace.ts';
import { Uplink } from './uplink.ts';

/** Makes hosts and clients for the tests of one file, and removes them after each test. */
export class Fixture {
  readonly #hosts: TestHost[] = [];
  readonly #uplinks: Uplink[] = [];
  #client: TestClient | null = null;

  constructor() {
    afterEach(async () => {
      for (const host of this.#hosts.splice(0).toReversed()) await host.remove();
      for (const uplink of this.#uplinks.splice(0)) await uplink.remove();
      await this.#client?.close();
      this.#client = null;
    });
  }

  async client(): Promise<TestClient> {
    this.#client ??= await TestClient.connect(inject('brokerUrl'));
    return this.#client;
  }

  /** A host that reaches the broker only by a link of its own, so that its own rules can cut it off. */
  async linkedHost(
    backend: Backend,
    family: 'ipv4' | 'ipv6' = 'ipv4',
    options: Partial<TestHostOptions> = {},
  ): Promise<{ host: TestHost; uplink: Uplink }> {
    const namespace = await TestNamespace.create(backend);
    const uplink = await Uplink.create(namespace, inject('brokerUrl'));
    this.#uplinks.push(uplink);
    const brokerUrl = uplink.url(family);
    return { host: await this.host(backend, { namespace, inside: true, brokerUrl, ...options }), uplink };
  }

  async host(backend: Backend, options: Partial<TestHostOptions> = {}): Promise<TestHost> {
    const client = await this.client();
    const host = await TestHost.create({ brokerUrl: inject('brokerUrl'), client, backend, ...options });
    this.#hosts.push(host);
    if (options.wait === false) host.spawn();
    else await host.start();
    return host;
  }
}
