import { NAMES } from './names.ts';
import type { Settings } from './setting.ts';

const MANGLE = { table: 'mangle', chain: 'PREROUTING' } as const;
const ADD = [
  'plain src',
  '"two words" dst',
  '"qu\\"ote" src',
  '"back\\\\slash" src',
  '"-jDROP" src',
  '"#c" src',
];
const HMARK = '--hmark-tuple src,dst --hmark-rnd 4 --hmark-mod 42';

/** Targets that mark, log, count, refuse or change a packet where it is. */
export const TARGETS: Settings = {
  'target HL': MANGLE,
  'target TTL': MANGLE,
  'target REJECT ipv4': {
    before: '-p tcp',
    values: {
      'reject-with': [
        'tcp-reset',
        'icmp-port-unreachable',
        'port-unreach',
        'host-unreach',
        'icmp-admin-prohibited',
        'admin-prohib',
        'tcp-rst',
        'icmp-net-prohibited',
      ],
    },
    more: [''],
  },
  'target REJECT ipv6': {
    before: '-p tcp',
    values: {
      'reject-with': [
        'tcp-reset',
        'icmp6-port-unreachable',
        'port-unreach',
        'icmp6-adm-prohibited',
        'no-route',
        'reject-route',
        'policy-fail',
        'addr-unreach',
      ],
    },
    more: [''],
  },
  'target ECN': {
    ...MANGLE,
    before: '-p tcp',
    values: { 'ecn-ip-ect': ['0', '1', '3'], 'ecn-tcp-cwr': ['0', '1'], 'ecn-tcp-ece': ['0', '1'] },
  },
  'target ULOG': { values: { 'ulog-prefix': ['x', '"two words"'] } },
  'target AUDIT': { values: { type: ['accept', 'drop', 'reject', 'DROP', 'acc'] } },
  'target CHECKSUM': { table: 'mangle', chain: 'POSTROUTING' },
  'target CLASSIFY': {
    table: 'mangle',
    chain: 'POSTROUTING',
    values: { 'set-class': ['1:2', '0:0', 'ffff:ffff', '1:', '0001:0010', ':1'] },
  },
  'target CONNMARK': {
    table: 'mangle',
    chain: 'PREROUTING',
    withFor: {
      mask: '--save-mark',
      ctmask: '--save-mark',
      nfmask: '--save-mark',
      'left-shift-mark': '--save-mark',
      'right-shift-mark': '--restore-mark',
    },
    more: [
      '--restore-mark --nfmask 0xff --ctmask 0xf0',
      '--save-mark --mask 0xff',
      '--restore-mark --mask 0',
      '--set-xmark 0x1/0xff --left-shift-mark 3',
    ],
  },
  'target CONNSECMARK': { table: 'mangle', chain: 'PREROUTING' },
  'target CT': {
    table: 'raw',
    chain: 'PREROUTING',
    needs: ['timeout'],
    before: '-p tcp',
    values: {
      helper: ['ftp', '"two words"', '-jRETURN', '"-jRETURN"', 'nosuch'],
      timeout: ['plain', '"two words"', '"qu\\"ote"', '"back\\\\slash"', '"-jDROP"', '"#c"', 'nosuch'],
      ctevents: [
        'new',
        'new,related,destroy,reply,assured,protoinfo,helper,mark',
        'natseqinfo,secmark',
        'label',
      ],
      expevents: ['new'],
      zone: ['1', '65535', '0', 'mark', '0x10'],
      'zone-orig': ['1', '65535', 'mark'],
      'zone-reply': ['1', 'mark', '7'],
    },
    more: [
      '',
      '--notrack --zone 5',
      '--zone 5 --ctevents new',
      '--zone-orig 3 --ctevents new,destroy --expevents new',
      '--timeout plain --zone 3',
    ],
  },
  'target NOTRACK': { table: 'raw', chain: 'PREROUTING', more: [''] },
  'target DSCP': {
    ...MANGLE,
    values: { 'set-dscp-class': ['EF', 'CS0', 'BE', 'af11'], 'set-dscp': ['0', '0x2e', '63', '10'] },
  },
  'target HMARK': {
    ...MANGLE,
    values: {
      'hmark-tuple': ['src,dst,sport,dport,proto', 'src', 'ct,src', 'spi'],
      'hmark-rnd': ['4', '0xfeedcafe'],
      'hmark-mod': ['42', '1'],
    },
    with: HMARK,
    withFor: {
      'hmark-tuple': '--hmark-rnd 4 --hmark-mod 42',
      'hmark-src-prefix': '--hmark-rnd 4 --hmark-mod 42',
      'hmark-dst-prefix': '--hmark-rnd 4 --hmark-mod 42',
      'hmark-rnd': '--hmark-tuple src --hmark-mod 42',
      'hmark-mod': '--hmark-tuple src --hmark-rnd 1',
    },
    more: [
      '--hmark-src-prefix 24 --hmark-dst-prefix 16 --hmark-sport-mask 0xffff --hmark-dport-mask 0xff --hmark-proto-mask 0xff --hmark-rnd 4 --hmark-mod 42 --hmark-offset 1 --hmark-tuple ct',
    ],
  },
  'target IDLETIMER': {
    table: 'mangle',
    chain: 'PREROUTING',
    values: {
      timeout: ['60', '1', '0', '4294967'],
      label: [
        'fwc{n}',
        '"fwc {n} b"',
        '"fwc\\"{n}"',
        '"fwc\\\\{n}"',
        '"-jfwc{n}"',
        '"fwc{n} -j DROP"',
        '"fwc/{n}"',
        'fwc\xe9{n}',
        '"#{n}"',
        '""',
      ],
    },
    with: '--timeout 60 --label fwc{n}',
    withFor: { timeout: '--label fwc{n}', label: '--timeout 60', alarm: '--timeout 60 --label fwca{n}' },
  },
  'target LED': {
    values: { 'led-trigger-id': ['fwc{n}', '"two {n}"'], 'led-delay': ['0', '100', 'inf'] },
    with: '--led-trigger-id fwc{n}',
  },
  'target LOG': {
    values: {
      'log-prefix': [
        ...NAMES,
        '"29 characters, just about so:"',
        '"30 characters, just about so: "',
        '"in: "',
      ],
    },
    more: [
      '',
      '--log-prefix "[x] " --log-level 7 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode',
    ],
  },
  'target MARK': { ...MANGLE, more: ['--set-xmark 0x0/0x0', '--set-mark 0x1/0xff'] },
  'target NFLOG': {
    values: { 'nflog-prefix': [...NAMES, `"${'x'.repeat(63)}"`, `"${'x'.repeat(64)}"`] },
    more: ['', '--nflog-group 5 --nflog-prefix "a b" --nflog-size 128 --nflog-threshold 3'],
  },
  'target NFQUEUE': {
    values: { 'queue-balance': ['0:3', '5:6', '0:65534', '0:65535', '3:3'] },
    withFor: { 'queue-cpu-fanout': '--queue-balance 0:3' },
    more: ['', '--queue-num 5 --queue-bypass', '--queue-balance 0:3 --queue-bypass --queue-cpu-fanout'],
  },
  'target RATEEST': {
    table: 'mangle',
    chain: 'PREROUTING',
    values: {
      'rateest-name': [
        'x{n}',
        '"x {n}"',
        '"x\\"{n}"',
        '"x\\\\{n}"',
        '"-jDROP"',
        '"-j {n} DROP"',
        '"#{n}"',
        'x\xe9{n}',
      ],
      'rateest-interval': ['250ms', '1s', '500000us', '8s'],
      'rateest-ewmalog': ['500ms', '1s', '16s'],
    },
    with: '--rateest-name x{n} --rateest-interval 250ms --rateest-ewmalog 500ms',
    withFor: {
      'rateest-name': '--rateest-interval 250ms --rateest-ewmalog 500ms',
      'rateest-interval': '--rateest-name x{n} --rateest-ewmalog 500ms',
      'rateest-ewmalog': '--rateest-name x{n} --rateest-interval 250ms',
    },
  },
  'target SECMARK': {
    table: 'security',
    values: { selctx: ['system_u:object_r:firewalld_exec_t:s0', '"two words"'] },
  },
  'target SET': {
    // The kernel maps marks in this table only.
    table: 'mangle',
    chain: 'FORWARD',
    needs: ['ipset'],
    values: {
      'add-set': ADD,
      'del-set': ADD,
      exist: [''],
      timeout: ['60', '0', '4294967', '4294967295'],
      'map-set': ['plain src', '"two words" src --map-mark'],
      'map-mark': [''],
      'map-prio': [''],
      'map-queue': [''],
    },
    with: '--add-set plain src',
    withFor: {
      'add-set': '',
      'del-set': '',
      'map-set': '',
      'map-mark': '--map-set plain src',
      'map-prio': '--map-set plain src',
      'map-queue': '--map-set plain src',
    },
    more: [
      '--add-set plain src --exist --timeout 60',
      '--add-set plain src --del-set "two words" dst',
      '--map-set plain src --map-mark --map-prio --map-queue',
    ],
  },
  'target SYNPROXY': {
    before: '-p tcp -m conntrack --ctstate INVALID,UNTRACKED',
    values: { wscale: ['7', '0', '14'], mss: ['1460', '0', '65535'] },
    more: ['', '--sack-perm --timestamp --wscale 9 --mss 1460 --ecn'],
  },
  'target TCPMSS': { table: 'mangle', chain: 'FORWARD', before: '-p tcp -m tcp --tcp-flags SYN,RST SYN' },
  'target TCPOPTSTRIP': {
    ...MANGLE,
    before: '-p tcp',
    values: {
      'strip-options': ['2', '2,3,5', 'mss', 'wscale,mss,sack', 'sack-permitted,timestamp,md5', '255', '0'],
    },
  },
  'target TEE ipv4': {
    ...MANGLE,
    with: '--gateway 10.0.0.1',
    values: { oif: ['lo', 'eth0', '"two words"', '"qu\\"ote"'] },
  },
  'target TEE ipv6': { ...MANGLE, with: '--gateway 2001:db8::1', values: { oif: ['lo', '"two words"'] } },
  'target TOS': MANGLE,
  'target TRACE': { table: 'raw', chain: 'PREROUTING', more: [''] },
};
