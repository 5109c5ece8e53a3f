import { connect, createServer, type NetConnectOpts } from 'node:net';

/**
 * Hands connections on: `relay.ts FROM TO`, each a port of 127.0.0.1 or the path of a Unix socket. Such a socket is the same in every
 * network namespace, so two of these lead from a port of the machine to one of the hub.
 */
const [from = '', to = ''] = process.argv.slice(2);
const placeOf = (text: string): NetConnectOpts =>
  /^\d+$/.test(text) ? { host: '127.0.0.1', port: Number(text) } : { path: text };

const server = createServer((incoming) => {
  const outgoing = connect(placeOf(to));
  incoming.pipe(outgoing).pipe(incoming);
  // Whoever goes away takes the other side along.
  incoming.on('error', () => outgoing.destroy());
  outgoing.on('error', () => incoming.destroy());
});
server.listen(placeOf(from));
