import type { BrokerView } from '../broker/look-at-broker.ts';
import { lookAtBroker } from '../broker/look-at-broker.ts';
import { EVENTS_EXCHANGE, hostJobsQueue } from '../contract/words/names.ts';
import { brokerAccess } from '../worker/open/what-leaves.ts';
import { countConnections } from './count-connections.ts';
import { type Examined, type Finding, failure, ok, warning } from './finding.ts';

const LIMIT_MS = 10_000;
/** More than some workers in namespaces of their own, and people at their commands, have. */
const MANY = 10;
const OLDEST = [3, 10] as const;
const NODE_DOWN =
  'the node of the broker on which it lives is down or cut off: look at the cluster (rabbitmqctl cluster_status); the worker takes it up by itself when it is back';
const PROVISION = 'fleetwall provision makes it';

/** Looks at each broker of the list, as each may be needed when the others are gone. */
export async function examineBroker(host: Examined): Promise<Finding[]> {
  const { settings } = host;
  const access = brokerAccess(settings);
  const looks = access.addresses.map(async (address): Promise<Finding[]> => {
    const { hostname = '', port = 0 } = address;
    const broker = `${hostname}:${port}`;
    const open = await countConnections(hostname, port, host);
    try {
      const view = await lookAtBroker(address, access, { hostId: settings.hostId, limitMs: LIMIT_MS });
      return [...findingsOf(broker, view, settings.hostId), ...connectionFindings(broker, open)];
    } catch (error) {
      return [failure(`${broker}: ${(error as Error).message}`, adviceFor(error as Error, open))];
    }
  });
  return (await Promise.all(looks)).flat();
}

function findingsOf(broker: string, view: BrokerView, hostId: string): Finding[] {
  const { product, version, queues, missing, unreachable, mayPublish, mayConsume, consumers, waiting } = view;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  const findings = [
    isOld
      ? warning(`${broker}: ${product} ${version}`, 'fleetwall needs RabbitMQ 3.10 or newer')
      : ok(`${broker}: logged in; ${product} ${version}`),
  ];
  if (missing.length > 0) {
    findings.push(
      warning(
        `${broker}: not there: ${missing.join(', ')}`,
        `the worker makes what it may make when it starts; where it may not, ${PROVISION}`,
      ),
    );
  }
  for (const { name, reason } of unreachable) {
    // Without these, no job is done.
    const find = [hostJobsQueue(hostId), EVENTS_EXCHANGE].includes(name) ? failure : warning;
    findings.push(find(`${broker}: ${name} cannot be had now: ${reason}`, NODE_DOWN));
  }
  if (queues && mayConsume !== null) {
    findings.push(failure(`${broker}: no right to read the jobs of ${hostId}: ${mayConsume}`, PROVISION));
  }
  if (mayPublish !== null) {
    findings.push(failure(`${broker}: no right to publish events of ${hostId}: ${mayPublish}`, PROVISION));
  }
  if (queues) {
    const who = consumers === 0 ? 'no worker consumes it' : 'a worker consumes it';
    findings.push(ok(`${broker}: the queue of ${hostId} has ${waiting} jobs that wait; ${who}`));
  }
  return findings;
}

function connectionFindings(broker: string, open: number | null): Finding[] {
  if (open === null) return [];
  const what = `${broker}: this host has ${open} connections open to it`;
  if (open <= MANY) return [ok(what)];
  return [
    warning(
      what,
      'a worker has one, and one more while it confirms a change: who has the others ("ss -tnp")? A broker that runs out of them lets nobody in',
    ),
  ];
}

function adviceFor({ message }: Error, open: number | null): string {
  if (message.includes('limit of connections')) {
    const here = open === null ? '' : ` (this host has ${open} connections open to it)`;
    return `look at the log of the broker, and there at "rabbitmqctl list_user_limits", "list_vhost_limits" and "list_connections user peer_host"${here}: a worker needs two, the second while it confirms a change`;
  }
  if (/ACCESS.REFUSED|403/i.test(message)) {
    return 'the broker does not let this user in: look at user, password and vhost in FLEETWALL_AMQP_URL and FLEETWALL_AMQP_PASSWORD_FILE';
  }
  if (/certificate|TLS|SSL|self.signed/i.test(message)) {
    return 'look at FLEETWALL_AMQP_CA, at the name in the URL, and at the certificate of the broker';
  }
  return 'is it running, is this the right address, and do the rules of this host let it through?';
}
