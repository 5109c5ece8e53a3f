import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Management } from '../../src/broker/management.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('the login of an administrator is sent to the address that was given, and nowhere else', async () => {
  let isAsked = false;
  const elsewhere = await serve((_, response) => {
    isAsked = true;
    response.end('{}');
  });
  const given = await serve((_, response) =>
    response.writeHead(307, { location: `http://${elsewhere}/api/definitions` }).end(),
  );
  const management = new Management(new URL(`http://admin:secret@${given}`));
  await expect(management.define({})).rejects.toThrow(/does not answer: .*redirect/);
  expect(isAsked).toBe(false);
});
