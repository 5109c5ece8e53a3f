/** A stranger writes odd rules all the time while a ruleset is changed 200 times, or as often as it is told: `npm run chaos -- strangers 1000`. */
import { execa } from 'execa';

const [changes = '200'] = process.argv.slice(2);
const { exitCode } = await execa('npx', ['vitest', 'run', 'test/integration/rules/strangers.test.ts'], {
  env: { FLEETWALL_CHANGES: changes },
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
