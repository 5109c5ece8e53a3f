import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from './certificates.ts';
import { Machine } from './machine.ts';
import { TestNamespace } from './namespace.ts';
import { Rabbitmq } from './rabbitmq.ts';

/**
 * The `broker.example` of the documents, with all default ports, TLS and the management pages, and a machine that knows it by that name.
 * Both are in one network namespace, whose firewall is the machine's.
 */
export class ExampleBroker {
  readonly broker: Rabbitmq;
  readonly machine: Machine;
  readonly namespace: TestNamespace;
  /** The broker's certificate is of an authority that Node knows. */
  readonly known: { NODE_EXTRA_CA_CERTS: string };
  readonly #folder: string;

  private constructor(
    folder: string,
    parts: Pick<ExampleBroker, 'broker' | 'machine' | 'namespace' | 'known'>,
  ) {
    this.#folder = folder;
    this.broker = parts.broker;
    this.machine = parts.machine;
    this.namespace = parts.namespace;
    this.known = parts.known;
  }

  static async start(hostname: string): Promise<ExampleBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-example-'));
    const ca = await Authority.create(folder, 'fleet-ca');
    const { cert, key } = await ca.issue('broker.example', 'DNS:broker.example');
    const namespace = await TestNamespace.create('nft');
    const broker = await Rabbitmq.start({
      netns: namespace.name,
      plugins: ['rabbitmq_management'],
      configure: async () => [
        'listeners.ssl.1 = 127.0.0.1:5671',
        ...['ssl_options', 'management.ssl'].flatMap((place) => [
          `${place}.cacertfile = ${ca.certificate}`,
          `${place}.certfile = ${cert}`,
          `${place}.keyfile = ${key}`,
        ]),
        'management.tcp.port = 15672',
        'management.ssl.port = 15671',
      ],
    });
    // The password that the documents show, which is no ASCII.
    const password = `<<${[...Buffer.from('…')].join(',')}>>`;
    await broker.ctl('eval', `rabbit_auth_backend_internal:add_user(<<"admin">>, ${password}, <<"test">>).`);
    await broker.ctl('set_user_tags', 'admin', 'administrator');
    const machine = await Machine.start({ own: ['/etc', '/var/lib', '/run'], hostname });
    await machine.do("echo '127.0.0.1 broker.example' >>/etc/hosts; mkdir -p /etc/fleetwall");
    machine.unplug(namespace);
    const known = { NODE_EXTRA_CA_CERTS: ca.certificate };
    return new ExampleBroker(folder, { broker, machine, namespace, known });
  }

  async stop(): Promise<void> {
    await this.machine.remove();
    await this.broker.stop();
    await this.namespace.remove();
    await rm(this.#folder, { recursive: true });
  }
}
