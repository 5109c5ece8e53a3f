import type { Settings } from './setting.ts';

const MANGLE = { table: 'mangle', chain: 'PREROUTING' } as const;
const SRC = { table: 'nat', chain: 'POSTROUTING', before: '-p tcp' } as const;
const DST = { table: 'nat', chain: 'PREROUTING', before: '-p tcp' } as const;
const TO_PORTS = ['80', '80-90', '0', '65535', '0-65535', '1-1', '90-80', 'http'];
const V6 = [
  '2001:db8::1',
  '[2001:db8::1]:80',
  '2001:db8::1-2001:db8::9',
  '[2001:db8::1]',
  '[2001:db8::1-2001:db8::9]:80-90',
  '::',
];
const V4 = [
  '10.0.0.1',
  '10.0.0.1:80',
  '10.0.0.1-10.0.0.9',
  '10.0.0.1-10.0.0.9:80-90',
  ':80',
  '10.0.0.1:0',
  '10.0.0.1:1-65535',
  '0.0.0.0',
];

/** Targets that send a packet elsewhere. */
export const ADDRESS_TARGETS: Settings = {
  'target DNPT': {
    ...MANGLE,
    values: { 'src-pfx': ['dead::/64'], 'dst-pfx': ['1c3::/64'] },
    withFor: { 'src-pfx': '--dst-pfx 1c3::/64', 'dst-pfx': '--src-pfx dead::/64' },
  },
  'target SNPT': {
    table: 'mangle',
    chain: 'POSTROUTING',
    values: { 'src-pfx': ['dead::/64'], 'dst-pfx': ['1c3::/64'] },
    withFor: { 'src-pfx': '--dst-pfx 1c3::/64', 'dst-pfx': '--src-pfx dead::/64' },
  },
  'target NETMAP': { table: 'nat', chain: 'PREROUTING' },
  'target CLUSTERIP': {
    before: '-d 10.0.0.1 -i lo',
    with: '--new --hashmode sourceip --clustermac 01:aa:7b:47:f7:d7 --total-nodes 2 --local-node 1',
    values: {
      hashmode: ['sourceip', 'sourceip-sourceport'],
      clustermac: ['01:aa:7b:47:f7:d7'],
      'total-nodes': ['2'],
      'local-node': ['1'],
    },
  },
  'target SNAT ipv4': {
    ...SRC,
    values: { 'to-source': V4 },
    with: '--to-source 10.0.0.1',
    more: ['--to-source 10.0.0.1:80-90 --random-fully --persistent'],
  },
  'target SNAT ipv6': { ...SRC, values: { 'to-source': V6 }, with: '--to-source 2001:db8::1' },
  'target DNAT ipv4': {
    ...DST,
    values: { 'to-destination': [...V4, '10.0.0.1:80-90/80', '10.0.0.1:http'] },
    with: '--to-destination 10.0.0.1',
    more: ['--to-destination 10.0.0.1:80-90 --random --persistent'],
  },
  'target DNAT ipv6': {
    ...DST,
    values: { 'to-destination': [...V6, '[2001:db8::1]:80-90/80'] },
    with: '--to-destination 2001:db8::1',
  },
  'target MASQUERADE': { ...SRC, values: { 'to-ports': TO_PORTS }, more: ['', '--to-ports 80-90 --random'] },
  'target REDIRECT': {
    ...DST,
    values: { 'to-ports': [...TO_PORTS, '80-90/80'] },
    more: ['', '--to-ports 3128-3130 --random'],
  },
  'target TPROXY': {
    ...MANGLE,
    before: '-p tcp',
    with: '--on-port 80',
    values: { 'on-port': ['80', '65535', '0'] },
  },
};
