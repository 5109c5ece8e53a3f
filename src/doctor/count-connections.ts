import { lookup } from 'node:dns/promises';
import { findProgram } from '../netfilter/tables/programs.ts';
import { type Examined, RUN_MS } from './finding.ts';

/** How many connections this host has open to a broker, whoever holds them; `null`: it cannot be told. */
export async function countConnections(
  hostname: string,
  port: number,
  { run }: Pick<Examined, 'run'>,
): Promise<number | null> {
  const ss = await findProgram('ss');
  const addresses = await lookup(hostname, { all: true }).catch(() => []);
  if (ss === null || addresses.length === 0) return null;
  const destinations = addresses.map(({ address, family }) =>
    family === 6 ? `dst [${address}]:${port}` : `dst ${address}:${port}`,
  );
  const args = ['--no-header', '--tcp', '--numeric', 'state', 'established', destinations.join(' or ')];
  const { exitCode, stdout } = await run({ file: ss, args, timeoutMs: RUN_MS });
  return exitCode === 0 ? stdout.split('\n').filter((line) => line.trim() !== '').length : null;
}
