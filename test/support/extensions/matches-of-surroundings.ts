import { NAMES } from './names.ts';
import type { Settings } from './setting.ts';

const TIMES = ['09:00', '09:00:00', '00:00:00', '23:59:59', '0:0'];
const DATES = ['2024-01-01', '2024-01-01T10:00:00', '1970-01-01T00:00:00', '2038-01-19T03:14:07', '2024'];
const FLAGS = ['src', 'dst', 'src,src'];
const SET_NUMBERS = ['5', '0', '18446744073709551615'];
const COUNTED = '--match-set plain src';

/** Matches of where a packet comes from and goes to, matches of the time, and matches that only say something. */
export const SURROUNDING_MATCHES: Settings = {
  'match addrtype': {
    chain: 'FORWARD',
    values: {
      'src-type': ['LOCAL', 'UNICAST,BROADCAST', 'UNSPEC', 'local', 'BLACKHOLE,PROHIBIT,UNREACHABLE'],
      'dst-type': [
        'LOCAL',
        'MULTICAST',
        'ANYCAST,LOCAL',
        'UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT',
      ],
    },
    withFor: { 'limit-iface-in': '--dst-type LOCAL', 'limit-iface-out': '--dst-type LOCAL' },
    more: [
      '--src-type LOCAL ! --dst-type LOCAL --limit-iface-in',
      '--dst-type LOCAL --limit-iface-in --limit-iface-out',
    ],
  },
  'match bpf': {
    values: {
      bytecode: ['"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"', '"1,6 0 0 0"', '"1, 6 0 0 4294967295"'],
      'object-pinned': ['/sys/fs/bpf/none', '"/sys/fs/bpf/two words"'],
    },
  },
  'match cgroup': {
    chain: 'OUTPUT',
    values: { path: ['/', '"/two words"', '""', 'plain', '"/qu\\"ote"'] },
  },
  'match comment': {
    values: {
      comment: [
        ...NAMES,
        `"${'x'.repeat(254)}"`,
        `"${'x'.repeat(255)}"`,
        `"${'x'.repeat(256)}"`,
        '"a \'b\' c"',
        '"*nat"',
        '"COMMIT"',
      ],
    },
  },
  'match cpu': {},
  'match devgroup': {
    values: {
      'src-group': ['0', '1/0xff', '0x10', 'default', '0/0', '4294967295'],
      'dst-group': ['0', '0x1/0x1', 'default', '"two words"'],
    },
    chain: 'FORWARD',
    table: 'filter',
  },
  'match iprange ipv4': {
    values: {
      'src-range': [
        '10.0.0.1-10.0.0.9',
        '0.0.0.0-255.255.255.255',
        '10.0.0.1',
        '10.0.0.1-10.0.0.1',
        '10.0.0.9-10.0.0.1',
      ],
      'dst-range': ['10.0.0.1-10.0.0.9', '0.0.0.0-255.255.255.255'],
    },
    more: ['--src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.0.0.1-10.0.0.2'],
  },
  'match iprange ipv6': {
    values: {
      'src-range': ['2001:db8::1-2001:db8::9', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::1'],
      'dst-range': ['2001:db8::1-2001:db8::9'],
    },
  },
  'match ipvs': { values: { vdir: ['ORIGINAL', 'REPLY'], vmethod: ['GATE', 'IPIP', 'MASQ'] } },
  'match mac': {},
  'match osf': {
    before: '-p tcp',
    values: {
      genre: ['linux', 'Linux', '"two words"', 'unknown'],
      ttl: ['0', '1', '2'],
      log: ['0', '1', '2'],
    },
    withFor: { ttl: '--genre linux', log: '--genre linux', genre: '' },
    more: ['--genre linux --ttl 0 --log 0'],
  },
  'match owner': {
    chain: 'OUTPUT',
    values: {
      'uid-owner': ['0', 'root', '0-99', '0-4294967295', '0-4294967294', '4294967294', '5-5'],
      'gid-owner': ['0', 'root', '0-99', '0-4294967294'],
      'cmd-owner': ['sshd'],
    },
    withFor: { 'suppl-groups': '--gid-owner 0' },
    more: [
      '--uid-owner 0 --gid-owner 0',
      '! --uid-owner 0 ! --gid-owner 0 --suppl-groups',
      '--socket-exists --uid-owner 0',
    ],
  },
  'match physdev': {
    chain: 'FORWARD',
    values: {
      'physdev-in': [
        'eth0',
        'eth+',
        '+',
        '"two words"',
        '"qu\\"ote"',
        '"back\\\\slash"',
        '"-jDROP"',
        '""',
        '"x -j DROP"',
      ],
      'physdev-out': ['eth0', 'eth+', '+', '"two words"'],
    },
    more: [
      '--physdev-in eth0 --physdev-out eth1 --physdev-is-bridged',
      '! --physdev-is-in ! --physdev-is-out',
      '--physdev-is-in --physdev-in eth0',
    ],
  },
  'match policy': {
    with: '--dir in --pol ipsec',
    values: {
      dir: ['in', 'out'],
      pol: ['ipsec', 'none'],
      mode: ['tunnel', 'transport'],
      next: ['--reqid 2', '--proto esp'],
      proto: ['esp', 'ah', 'ipcomp'],
    },
    withFor: {
      dir: '--pol ipsec',
      pol: '--dir in',
      strict: '--dir in --pol ipsec --reqid 1',
      next: '--dir in --pol ipsec --strict --reqid 1',
      'tunnel-src': '--dir in --pol ipsec --mode tunnel',
      'tunnel-dst': '--dir in --pol ipsec --mode tunnel',
    },
    more: [
      '--dir in --pol ipsec --strict --reqid 1 --spi 0x1 --proto esp --mode tunnel --next --reqid 2',
      '--dir in --pol ipsec ! --reqid 5 ! --spi 0x10',
    ],
  },
  'match realm': {
    chain: 'INPUT',
    values: {
      realm: ['1', '0x1/0xff', '0', '0/0', 'cosmos', '"two words"', '4294967295', '4294967295/4294967295'],
    },
  },
  'match rpfilter': {
    table: 'raw',
    chain: 'PREROUTING',
    more: ['', '--loose --validmark --accept-local --invert'],
  },
  'match set': {
    needs: ['ipset'],
    values: {
      'match-set': [
        ...FLAGS.map((flags) => `plain ${flags}`),
        '"two words" src',
        '"qu\\"ote" src',
        '"back\\\\slash" dst',
        '"-jDROP" src',
        '"#c" src',
        '\xe9t\xe9 src',
        'nosuch src',
      ],
      set: ['plain src', 'plain dst', '"two words" src'],
      'return-nomatch': [''],
      'update-counters': [''],
      'update-subcounters': [''],
      'packets-eq': SET_NUMBERS,
      'packets-lt': SET_NUMBERS,
      'packets-gt': SET_NUMBERS,
      'bytes-eq': SET_NUMBERS,
      'bytes-lt': SET_NUMBERS,
      'bytes-gt': SET_NUMBERS,
    },
    with: COUNTED,
    withFor: { 'match-set': '', set: '' },
    more: [
      `${COUNTED} --packets-gt 5 --bytes-lt 100`,
      `${COUNTED} ! --update-counters --return-nomatch`,
      '! --match-set "two words" src,dst',
    ],
  },
  'match socket': { more: ['', '--transparent --nowildcard', '--transparent --nowildcard --restore-skmark'] },
  'match time': {
    values: {
      timestart: TIMES,
      timestop: TIMES,
      datestart: DATES,
      datestop: DATES,
      weekdays: ['Mon', 'Mon,Tue,Wed,Thu,Fri', 'Mon,Tue,Wed,Thu,Fri,Sat,Sun', '1,7', 'Mo,Tu', 'Sun'],
      monthdays: [
        '1',
        '1,15,31',
        '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31',
      ],
    },
    withFor: {
      contiguous: '--timestart 22:00 --timestop 06:00',
      kerneltz: '--timestart 01:00',
      utc: '--timestart 01:00',
      localtz: '--timestart 01:00',
    },
    more: [
      '--timestart 09:00 --timestop 18:00 --weekdays Mon,Tue --datestop 2038-01-19T03:14:07',
      '--timestart 00:00:00 --timestop 23:59:59',
      '',
    ],
  },
};
