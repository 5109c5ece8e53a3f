import { describe, expect, it } from 'vitest';
import type { FleetLink } from '../../src/broker/fleet-link.ts';
import { Operator } from '../../src/central/ask/operator.ts';
import type { HostSelection } from '../../src/central/ask/options.ts';
import { askReport, askRuleset } from '../../src/central/fleet/requests.ts';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { RequestInvalid } from '../../src/central/messages/errors.ts';
import { startRollout } from '../../src/central/rollout/rollouts.ts';

/** A broker to which nothing may be said. */
function silentLink(): { link: FleetLink; used: string[] } {
  const used: string[] = [];
  const link = new Proxy({} as FleetLink, {
    get: (_, name) => () => {
      used.push(String(name));
      throw new Error(`${String(name)} was called`);
    },
  });
  return { link, used };
}

const RULESET = { name: 'edge', revision: 'next', ipv4: '*filter\nCOMMIT\n' } as const;

describe.each<[string, unknown, RegExp]>([
  ['nobody', {}, /for nobody/],
  ['no hosts', { hosts: [] }, /for nobody/],
  ['no groups', { groups: [], all: false }, /for nobody/],
  ['nobody but those left out', { exclude: ['web-1'] }, /for nobody/],
  ['a misspelt field', { host: 'web-1' }, /no field host$/],
  ['a misspelt field beside a right one', { all: true, excluded: ['web-1'] }, /no field excluded$/],
  ['a host that is no list', { hosts: 'web-1' }, /hosts: is "web-1", and must be a list/],
  ['a name that is none', { hosts: ['web-1', 'No Name'] }, /must be 1 to 63/],
  ['nothing at all', undefined, /is missing, and must be a mapping/],
])('what is asked of %s', (_, whom, message) => {
  it.each<[string, (operator: Operator, whom: HostSelection) => Promise<unknown>]>([
    ['push', async (to, hosts) => await askRuleset(to, 'apply', RULESET, hosts, {})],
    ['check', async (to, hosts) => await askRuleset(to, 'check', RULESET, hosts, {})],
    ['rollback', async (to, hosts) => await askRuleset(to, 'rollback', RULESET, hosts, {})],
    ['remove', async (to, hosts) => await askRuleset(to, 'remove', { name: 'edge', revision: 8 }, hosts, {})],
    ['report', async (to, hosts) => await askReport(to, 'edge', hosts, {})],
    ['rollout', async (to, hosts) => await startRollout(to, { ruleset: RULESET, whom: hosts }, {})],
  ])('is refused before anything is sent: %s', async (__, request) => {
    const { link, used } = silentLink();
    const answer = request(new Operator(link, [], new EventReader(undefined)), whom as HostSelection);
    await expect(answer).rejects.toBeInstanceOf(RequestInvalid);
    await expect(answer).rejects.toMatchObject({
      code: 'request_invalid',
      message: expect.stringMatching(message),
    });
    expect(used).toEqual([]);
  });
});

it('a misspelt field of a test is refused before anything is sent, with the nearest one', async () => {
  const { link, used } = silentLink();
  const test = { name: 'ssh', form: '198.51.100.7', protocol: 'tcp', port: 22, expect: 'accept' };
  const ruleset = { ...RULESET, tests: [test] } as unknown as typeof RULESET;
  const operator = new Operator(link, [], new EventReader(undefined));
  await expect(askRuleset(operator, 'check', ruleset, { all: true }, {})).rejects.toMatchObject({
    message: 'a test has no field form: did you mean from?',
    issues: [{ path: ['ruleset', 'tests', 0, 'form'], nearest: 'from' }],
  });
  expect(used).toEqual([]);
});
