import type { Server } from 'node:http';
import type { HttpAddress } from './http-address.ts';
import { SetupError } from './setup-error.ts';

/**
 * Has a server listen. A later error, such as too many open files, ends nothing.
 *
 * @param setting where the address is to be corrected
 * @throws {SetupError} if it cannot listen there
 */
export async function listenAt(server: Server, { host, port }: HttpAddress, setting: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(new SetupError(`cannot listen on ${host}:${port} (${code ?? message}): correct ${setting}`)),
    );
    server.listen({ host, port }, resolve);
  });
  server.on('error', () => {});
}
