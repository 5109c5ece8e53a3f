import assert from 'node:assert/strict';
import { Project, ruleset, until } from './project.ts';
import { say } from './say.ts';
import type { WholeHost } from './whole-host.ts';

/** What an engine may keep from a container: each lack is named, and with its remedy. */
export async function testLimits(fleet: Project, host: WholeHost): Promise<void> {
  await testRights(fleet, host);
}

async function testRights(fleet: Project, host: WholeHost): Promise<void> {
  let port = 8090;
  for (const [right, needed] of [
    ['NET_ADMIN', true],
    ['NET_RAW', false],
    ['SYS_ADMIN', true],
  ] as const) {
    say(`Without ${right}: the worker says so, and so does what fails`);
    await host.start({ without: right });
    await until('it says so', async () =>
      new RegExp(`Rights are missing.*|CAP_${right}`).test(await host.log()),
    );
    assert.match(await host.log(), new RegExp(`"missing":\\["CAP_${right} `));
    assert.match(
      (await host.try('fleetwall', 'doctor')).output,
      new RegExp(`missing: CAP_${right}[^]*--cap-add ${right}`),
    );
    port++;
    const { output } = await fleet.client(
      ['push', '-', '--name', 'edge', '--host', host.id],
      ruleset('edge', `-p tcp --dport ${port} -j DROP`),
    );
    if (needed) assert.match(output, new RegExp(`CAP_${right}[^]*privilege_missing`));
    else assert.match(output, /^applied /m);
    await host.remove();
  }
}
