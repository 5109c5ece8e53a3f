import { NAMES, OBJECT_NAMES } from './names.ts';
import type { Settings } from './setting.ts';

const STATES = [
  'NEW',
  'ESTABLISHED,RELATED',
  'INVALID',
  'UNTRACKED',
  'NEW,ESTABLISHED,RELATED,INVALID,UNTRACKED',
  'new',
  'RELATED,RELATED',
];
const LIMITS = ['5/minute', '1/s', '3/hour', '10/day', '7', '10000/sec', '100/sec', '3/second', '1/min'];
const HASHLIMITS = [...LIMITS, '4kb/s', '10mb/s', '123456b/s', '1000000/sec', '512b/s', '1024kb/s'];

/** Matches of what the kernel remembers: flows, rates, names. */
export const STATE_MATCHES: Settings = {
  'match connbytes': {
    values: {
      connbytes: [
        '10:100',
        '10',
        ':100',
        '10:',
        ':',
        '0:18446744073709551615',
        '0:',
        '0',
        '5:5',
        '0:4294967295',
      ],
      'connbytes-dir': ['original', 'reply', 'both'],
      'connbytes-mode': ['packets', 'bytes', 'avgpkt'],
    },
    with: '--connbytes 10:100 --connbytes-dir both --connbytes-mode bytes',
  },
  'match connlabel': {
    values: { label: ['0', '40', '127', '128', 'nolabel'] },
    withFor: { set: '--label 1' },
  },
  'match connlimit': {
    with: '--connlimit-above 10',
    withFor: { 'connlimit-upto': '' },
    more: [
      '--connlimit-upto 5 --connlimit-mask 24 --connlimit-daddr',
      '! --connlimit-above 10 --connlimit-mask 0',
      '--connlimit-above 1 --connlimit-mask 255.255.0.0',
    ],
  },
  'match connmark': {},
  'match mark': {},
  'match conntrack': {
    values: {
      ctstate: [
        ...STATES,
        'SNAT',
        'DNAT',
        'SNAT,DNAT,NEW',
        'NEW,ESTABLISHED,RELATED,INVALID,UNTRACKED,SNAT,DNAT',
      ],
      ctstatus: [
        'NONE',
        'SEEN_REPLY,ASSURED',
        'EXPECTED',
        'CONFIRMED',
        'NONE,EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED',
      ],
      ctdir: ['ORIGINAL', 'REPLY', 'original'],
    },
    more: [
      '',
      '--ctstate NEW --ctproto tcp --ctorigsrcport 1:2 ! --ctrepldstport 3',
      '! --ctexpire 1:4294967295 --ctdir REPLY',
    ],
  },
  'match state': { values: { state: STATES } },
  'match hashlimit': {
    values: {
      'hashlimit-upto': HASHLIMITS,
      'hashlimit-above': HASHLIMITS,
      hashlimit: HASHLIMITS,
      'hashlimit-burst': ['5', '1', '1000', '65535', '1mb', '0'],
      'hashlimit-mode': [
        'srcip',
        'srcip,dstport',
        'srcip,srcport,dstip,dstport',
        'dstip',
        '""',
        'srcip,srcip',
      ],
      'hashlimit-name': NAMES,
      'hashlimit-htable-size': ['1', '1024', '0'],
      'hashlimit-htable-max': ['1', '1024', '0'],
      'hashlimit-htable-gcinterval': ['1', '1000', '0'],
      'hashlimit-htable-expire': ['1', '10000', '0'],
      'hashlimit-rate-interval': ['1', '10', '0'],
    },
    with: '--hashlimit-upto 10/sec --hashlimit-mode srcip --hashlimit-name n{n}',
    withFor: {
      'hashlimit-upto': '--hashlimit-name n{n}',
      'hashlimit-above': '--hashlimit-name n{n}',
      hashlimit: '--hashlimit-name n{n}',
      'hashlimit-name': '--hashlimit-upto 5/sec',
      'hashlimit-mode': '--hashlimit-upto 5/sec --hashlimit-name n{n}',
      'hashlimit-srcmask': '--hashlimit-upto 5/sec --hashlimit-mode srcip --hashlimit-name n{n}',
      'hashlimit-dstmask': '--hashlimit-upto 5/sec --hashlimit-mode dstip --hashlimit-name n{n}',
      'hashlimit-rate-interval': '--hashlimit-upto 40/sec --hashlimit-name n{n} --hashlimit-rate-match',
      'hashlimit-rate-match': '--hashlimit-upto 40/sec --hashlimit-name n{n}',
    },
    more: [
      '--hashlimit-upto 10mb/s --hashlimit-burst 20mb --hashlimit-name n{n}',
      '--hashlimit-above 3/min --hashlimit-burst 7 --hashlimit-mode srcip,dstip --hashlimit-srcmask 24 --hashlimit-dstmask 16 --hashlimit-htable-expire 1000 --hashlimit-name n{n}',
    ],
  },
  'match helper': { values: { helper: ['ftp', 'ftp-2121', 'any', ...NAMES] } },
  'match limit': {
    values: { limit: LIMITS, 'limit-burst': ['5', '1', '10000', '0'] },
    withFor: { 'limit-burst': '--limit 3/hour' },
    more: [''],
  },
  'match nfacct': { needs: ['nfacct'], values: { 'nfacct-name': [...OBJECT_NAMES.keys(), 'nosuch'] } },
  'match quota': { values: { quota: ['0', '1000000', '18446744073709551615', '0x10', '010'] } },
  'match rateest': {
    needs: ['rateest'],
    values: {
      rateest: ['re1', '"re 2"', '"re\\"3"', '"re\\\\4"'],
      rateest1: ['re1', '"re 2"', '"re\\"3"'],
      rateest2: ['re1', '"re 2"'],
      'rateest-bps1': ['8bit', '5kbit', '1mbit'],
      'rateest-bps2': ['8bit', '5kbit'],
      'rateest-pps1': ['5', '0'],
      'rateest-pps2': ['5', '42'],
      'rateest-bps': ['8bit', '5kbit', '1000', '1mbps', ''],
      'rateest-pps': ['5', '0', '4294967295'],
      'rateest-delta': [''],
      'rateest-lt': [''],
      'rateest-gt': [''],
      'rateest-eq': [''],
    },
    with: '--rateest re1 --rateest-lt --rateest-bps 8bit',
    withFor: {
      rateest: '--rateest-lt --rateest-bps 8bit',
      rateest1: '--rateest-lt --rateest-bps --rateest2 re1',
      rateest2: '--rateest1 "re 2" --rateest-lt --rateest-bps',
      'rateest-bps': '--rateest re1 --rateest-gt',
      'rateest-pps': '--rateest re1 --rateest-eq',
      'rateest-bps1': '--rateest-delta --rateest re1 --rateest-lt --rateest-bps2 16bit',
      'rateest-bps2': '--rateest-delta --rateest re1 --rateest-lt --rateest-bps1 16bit',
      'rateest-pps1': '--rateest-delta --rateest re1 --rateest-lt --rateest-pps2 9',
      'rateest-pps2': '--rateest-delta --rateest re1 --rateest-gt --rateest-pps1 9',
      'rateest-delta': '--rateest re1 --rateest-bps1 8bit --rateest-lt --rateest-bps2 16bit',
      'rateest-lt': '--rateest re1 --rateest-pps 5',
      'rateest-gt': '--rateest re1 --rateest-pps 5',
      'rateest-eq': '--rateest re1 --rateest-pps 5',
    },
    more: [
      '--rateest1 re1 --rateest-lt --rateest-pps --rateest2 "re 2"',
      '--rateest-delta --rateest1 re1 --rateest-pps1 0 --rateest-lt --rateest-pps2 42 --rateest2 "re 2"',
    ],
  },
  'match recent': {
    values: { name: NAMES, seconds: ['60', '1', '4294967295', '0'], hitcount: ['4', '1', '20', '255', '0'] },
    with: '--rcheck --name r{n}',
    withFor: {
      set: '',
      rcheck: '',
      update: '',
      remove: '',
      hitcount: '--update --seconds 60 --name r{n}',
      reap: '--rcheck --seconds 5 --name r{n}',
      name: '--rcheck',
    },
    more: [
      '--update --seconds 60 --hitcount 4 --rttl --name r{n} --rsource',
      '--set --rdest --name r{n}',
      '! --rcheck --seconds 60 --reap --name r{n} --rsource',
    ],
  },
  'match statistic': {
    values: {
      mode: ['random --probability 0.5', 'nth --every 2 --packet 0'],
      every: ['2', '1', '4294967295', '0'],
      packet: ['1', '0', '2'],
    },
    withFor: {
      mode: '',
      probability: '--mode random',
      every: '--mode nth --packet 0',
      packet: '--mode nth --every 3',
    },
  },
  'match cluster': {
    table: 'mangle',
    chain: 'PREROUTING',
    with: '--cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xfeedcafe',
    values: {
      'cluster-total-nodes': ['2', '32'],
      'cluster-local-node': ['1', '2'],
      'cluster-local-nodemask': ['1', '3', '0'],
    },
    withFor: {
      'cluster-total-nodes': '--cluster-local-node 1 --cluster-hash-seed 1',
      'cluster-local-node': '--cluster-total-nodes 2 --cluster-hash-seed 1',
      'cluster-local-nodemask': '--cluster-total-nodes 2 --cluster-hash-seed 1',
      'cluster-hash-seed': '--cluster-total-nodes 2 --cluster-local-node 1',
    },
  },
};
