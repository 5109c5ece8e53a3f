import { spawnSync } from 'node:child_process';
import { TestNamespace } from './namespace.ts';

const INSIDE = 'FLEETWALL_TEST_NAMESPACE';

/** Does work of a script in a network namespace of its own: the script is started again there, and this process waits for it. */
export async function inOwnNamespace(work: () => Promise<void>): Promise<void> {
  if (process.env[INSIDE] !== undefined) return await work();
  const namespace = await TestNamespace.create('nft');
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const environment = { ...process.env, [INSIDE]: namespace.name };
  const options = { stdio: 'inherit', env: environment } as const;
  const { status } = spawnSync('ip', ['netns', 'exec', namespace.name, ...again], options);
  await namespace.remove();
  process.exitCode = status ?? 1;
}
