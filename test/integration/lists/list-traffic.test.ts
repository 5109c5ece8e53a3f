import { afterEach, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { runList } from '../../support/lists.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';

const fixture = new Fixture();
const peers: TestNamespace[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.remove();
});

const DENIED = '10.77.0.2';
const WELCOME = '10.77.0.3';
const RULES = `*filter
:edge - [0:0]
-I INPUT -j edge
-A edge -m set --match-set fw4.blocked src -j DROP
-A edge -s ${DENIED}/32 -j ACCEPT
-A edge -s ${WELCOME}/32 -j ACCEPT
COMMIT
`;
/** Sends from both addresses until its standard input ends, and says how often. */
const SENDER = `
import select, socket, sys, time
sockets = []
for address in sys.argv[1:]:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 0))
    sockets.append(s)
count = 0
while not select.select([sys.stdin], [], [], 0.0005)[0]:
    for s in sockets:
        s.sendto(b'x', ('10.77.0.1', 4242))
    count += 1
print(count)
`;

/** Puts a link between the two, with both addresses at the peer. */
async function connect(peer: TestNamespace, host: TestNamespace): Promise<void> {
  await peer.run('ip', ['link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'in', 'netns', host.name]);
  for (const address of [DENIED, WELCOME])
    await peer.run('ip', ['address', 'add', `${address}/24`, 'dev', 'out']);
  await peer.run('ip', ['link', 'set', 'out', 'up']);
  await host.run('ip', ['address', 'add', '10.77.0.1/24', 'dev', 'in']);
  await host.run('ip', ['link', 'set', 'in', 'up']);
}

it.each(BACKENDS)(
  'while a list is replaced again and again, no packet passes that is denied, and none is lost that is not, %s',
  async (backend) => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const peer = await TestNamespace.create(backend);
    peers.push(peer);
    await connect(peer, host.namespace);
    const entriesOf = (revision: number) => [
      DENIED,
      ...Array.from(
        { length: 500 },
        (_, index) => `10.${revision}.${index % 250}.${Math.floor(index / 250)}`,
      ),
    ];
    await runList(client, host, 'replace', { revision: 1, entries: entriesOf(1) });
    const applied = (await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: RULES } })).data;
    expect(applied.failure).toBeNull();
    let stop = () => {};
    const until = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const sending = peer.send('python3', ['-c', SENDER, DENIED, WELCOME], until);
    for (let revision = 2; revision <= 12; revision += 1) {
      const replaced = await runList(client, host, 'replace', { revision, entries: entriesOf(revision) });
      expect(replaced.outcome).toBe('applied');
    }
    stop();
    const sent = Number(await sending);
    const saved = await host.namespace.save({ counters: true });
    const countOf = (rule: string) =>
      Number(new RegExp(`^\\[(\\d+):\\d+\\] -A edge ${rule}`, 'm').exec(saved)?.[1]);
    expect(sent).toBeGreaterThan(100);
    expect(countOf(`-s ${DENIED}`)).toBe(0);
    expect(countOf('-m set --match-set fw4.blocked')).toBe(sent);
    expect(countOf(`-s ${WELCOME}`)).toBe(sent);
  },
);

/** A connection through the host's own socket, which says what it has got. */
const TALKER = `
import socket, sys
server = socket.create_server(('10.77.0.1', 4243))
print('listening', flush=True)
connection, _ = server.accept()
print('accepted', flush=True)
try:
    print(connection.recv(10), flush=True)
except OSError as error:
    print('cut', flush=True)
`;
const CALLER = `
import socket, sys
connection = socket.create_connection(('10.77.0.1', 4243), source_address=('${DENIED}', 0))
sys.stdin.read()
`;

it('with "cut", what was let in before ends: the flow is forgotten, and the socket closed', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const peer = await TestNamespace.create('nft');
  peers.push(peer);
  await connect(peer, host.namespace);
  // Without a rule that asks for them, the kernel tracks no flows.
  await host.namespace.iptables('-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT');
  let stop = () => {};
  const until = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const talking = host.namespace.send('python3', ['-c', TALKER], Promise.resolve());
  await expect.poll(async () => await host.namespace.run('ss', ['-Hltn'])).toContain('4243');
  const calling = peer.send('python3', ['-c', CALLER], until);
  const flows = async () => await host.namespace.run('conntrack', ['-L']);
  await expect.poll(flows).toContain(`src=${DENIED}`);
  expect(await runList(client, host, 'change', { revision: 1, add: [WELCOME], cut: true })).toMatchObject({
    outcome: 'applied',
  });
  expect(await flows()).toContain(`src=${DENIED}`);
  expect(
    await runList(client, host, 'change', { revision: 2, add: ['10.77.0.2/31'], cut: true, onNever: 'skip' }),
  ).toMatchObject({ outcome: 'applied' });
  expect(await talking).toContain('cut');
  expect(await flows()).not.toContain('ESTABLISHED');
  stop();
  await calling;
});
