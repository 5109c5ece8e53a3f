/** Changes a ruleset 200 times (or as often as given) while a stranger writes odd rules: `npm run chaos -- strangers 1000`. */
import { execa } from 'execa';

const [changes = '200'] = process.argv.slice(2);
const { exitCode } = await execa('npx', ['vitest', 'run', 'test/integration/rules/strangers.test.ts'], {
  env: { FLEETWALL_CHANGES: changes },
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
