/**
 * A program of its own, as Node cannot move to another network namespace: `connect-probe.js tcp HOST:PORT SECONDS`, or
 * `connect-probe.js http URL SECONDS`. Exits with 0 if the target was reached; else with 1, and says why on standard error.
 */
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { connect } from 'node:net';

const FIRST_BAD_STATUS = 400;

const [kind, target = '', seconds = '5'] = process.argv.slice(2);
const signal = AbortSignal.timeout(Number(seconds) * 1000);
try {
  await (kind === 'tcp' ? tryTcp(target) : tryHttp(target));
} catch (error) {
  const reason = signal.aborted ? `no answer within ${seconds} s` : (error as Error).message;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}

async function tryTcp(address: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)), signal }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

async function tryHttp(url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = (url.startsWith('https:') ? getHttps : getHttp)(url, { signal }, (response) => {
      response.destroy();
      const { statusCode = 0 } = response;
      if (statusCode < FIRST_BAD_STATUS) resolve();
      else reject(new Error(`the answer was ${statusCode} ${response.statusMessage}`));
    });
    request.on('error', reject);
  });
}
