import { afterEach, inject } from 'vitest';
import { TestClient } from './client.ts';
import { TestHost, type TestHostOptions } from './host.ts';
import type { Backend } from './namespace.ts';

/** Makes hosts and clients for the tests of one file, and takes them away after each test. */
export class Fixture {
  readonly #hosts: TestHost[] = [];
  #client: TestClient | null = null;

  constructor() {
    afterEach(async () => {
      for (const host of this.#hosts.splice(0).toReversed()) await host.remove();
      await this.#client?.close();
      this.#client = null;
    });
  }

  async client(): Promise<TestClient> {
    this.#client ??= await TestClient.connect(inject('brokerUrl'));
    return this.#client;
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
