import { expect, it } from 'vitest';
import { knownDefects } from '../../src/doctor/check-iptables.ts';
import { MANAGERS } from '../../src/doctor/known-managers.ts';

it.each([
  ['nft', '1.8.9', []],
  ['nft', '1.8.7', ['names the COMMIT line']],
  ['nft', '1.8.4', []],
  ['legacy', '1.8.9', ['waits for the xtables lock for ever']],
  ['legacy', '1.8.11', []],
  ['legacy', '1.8.5', ['knows one lock file only']],
  ['legacy', '1.6.1', ['older than 1.8']],
  ['nft', 'unknown', ['not one that is known']],
] as const)('the doctor knows the defects of iptables-%s %s', (backend, version, expected) => {
  const found = knownDefects({ backend, version });
  expect(found.map(({ message }) => message)).toEqual(expected.map((part) => expect.stringContaining(part)));
});

it('the doctor knows another manager by a chain or a process, and sees none where there is none', () => {
  const nothing = {
    chains: ['INPUT', 'edge-in'],
    tables: ['table ip filter'],
    processes: ['node', 'systemd'],
  };
  for (const { seenIn } of MANAGERS) expect(seenIn(nothing)).toBeNull();
  const calico = MANAGERS.find(({ name }) => name === 'Calico');
  expect(calico?.seenIn({ ...nothing, chains: ['cali-INPUT'] })).toBe('chain cali-INPUT');
  expect(calico?.seenIn({ ...nothing, processes: ['calico-node'] })).toBe('process calico-node');
});
