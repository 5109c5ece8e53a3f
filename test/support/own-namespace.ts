import { spawnSync } from 'node:child_process';
import { TestNamespace } from './namespace.ts';

const INSIDE = 'FLEETWALL_TEST_NAMESPACE';

/** Has the script that calls it run in a network namespace of its own: it is started again there, and this process ends with it. */
export async function inOwnNamespace(): Promise<void> {
  if (process.env[INSIDE] !== undefined) return;
  const namespace = await TestNamespace.create('nft');
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const environment = { ...process.env, [INSIDE]: namespace.name };
  const options = { stdio: 'inherit', env: environment } as const;
  const { status } = spawnSync('ip', ['netns', 'exec', namespace.name, ...again], options);
  await namespace.remove();
  process.exit(status ?? 1);
}
