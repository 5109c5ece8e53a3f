import { setTimeout as sleep } from 'node:timers/promises';
import { changeRules, edgeFor, push, pushSame } from './acts.ts';
import type { Cause } from './cause.ts';

const DRIFT_MS = 1_300;
const NATIVE = ['ip', 'filter', 'INPUT'];

/** Alerts of the rules and lists that are live. */
export const CAUSES_OF_RULES: readonly Cause[] = [
  {
    alert: 'FleetwallCannotReadRules',
    what: 'a native rule of nft is in a table of web-2',
    labels: { instance: 'web-2', family: 'ipv4' },
    harm: async (fleet) => {
      const rule = ['add', 'rule', ...NATIVE, 'ct', 'state', 'vmap', '{ invalid : drop }'];
      await fleet.host('web-2').namespace.run('nft', rule);
    },
    mend: async (fleet) => {
      const { namespace } = fleet.host('web-2');
      const listed = await namespace.run('nft', ['--handle', 'list', 'chain', ...NATIVE]);
      const [, handle = ''] = /vmap[^\n]*# handle (\d+)/.exec(listed) ?? [];
      await namespace.run('nft', ['delete', 'rule', ...NATIVE, 'handle', handle]);
    },
  },
  {
    alert: 'FleetwallDrift',
    what: 'somebody writes a rule into a chain of web-1',
    labels: { instance: 'web-1' },
    harm: async (fleet) => await changeRules(fleet, 'web-1', 1),
    mend: async (fleet) => await pushSame(fleet, 'web-1'),
  },
  {
    alert: 'FleetwallDriftRepeated',
    what: 'somebody writes rules into it again and again',
    labels: { instance: 'web-1' },
    goOn: async (fleet, round) => {
      await changeRules(fleet, 'web-1', round);
      await sleep(DRIFT_MS);
    },
    mend: async (fleet) => await pushSame(fleet, 'web-1'),
  },
  {
    alert: 'FleetwallRulesetOutOfSync',
    what: 'a rule that somebody wrote stays',
    labels: { instance: 'web-1', ruleset: 'edge' },
    harm: async (fleet) => await changeRules(fleet, 'web-1', 1),
    mend: async (fleet) => await pushSame(fleet, 'web-1'),
  },
  {
    alert: 'FleetwallListOutOfSync',
    what: 'somebody empties a list of web-1',
    labels: { instance: 'web-1', list: 'blocked' },
    harm: async (fleet) => {
      await fleet.operator(['list', 'add', 'blocked', '203.0.113.9', '--host', 'web-1', '--yes']);
      await fleet.host('web-1').namespace.run('ipset', ['flush', 'fw4.blocked']);
    },
    mend: async (fleet) => {
      const shown = await fleet.operator(['list', 'show', 'blocked', '--host', 'web-1']);
      const again = ['list', 'replace', 'blocked', '-', '--host', 'web-1'];
      const { status, stdout, stderr } = await fleet.operator(again, shown.stdout);
      if (status !== 0) throw new Error(`${stdout}${stderr}`);
    },
  },
  {
    alert: 'FleetwallRevisionSkew',
    what: 'web-1 is a revision ahead of the others',
    labels: { ruleset: 'edge' },
    quicker: 720,
    harm: async (fleet) => void (await push(fleet, 'web-1', [], edgeFor(6))),
    mend: async (fleet) => {
      const { stdout } = await fleet.operator(['status', '--host', 'web-1']);
      const [, revision = ''] = /\bedge@(\d+)/.exec(stdout) ?? [];
      for (const host of ['web-2', 'db-1'] as const)
        await push(fleet, host, ['--revision', revision], edgeFor(6));
      // What is live where nothing is wrong.
      await push(fleet, 'web-1', ['--host', 'web-2', '--host', 'db-1']);
    },
  },
];
