import { NAMES } from './names.ts';
import type { Settings } from './setting.ts';
import { PORT_VALUES } from './values.ts';

const PORT_OPTIONS = {
  'source-port': PORT_VALUES,
  sport: PORT_VALUES,
  'destination-port': PORT_VALUES,
  dport: PORT_VALUES,
};
const MULTI = ['22', '22,80', '22,80:90,443', '0:65535', '1:2', ':', '22,http', '80:90', '0', ':80'];
const OPTS = ['1', '1:2,23:42,4:6', '5:0', '0', '255:255', '1:2,1:2'];

/** Matches of what stands in a packet's own headers. */
export const PACKET_MATCHES: Settings = {
  'match ah ipv4': { before: '-p ah' },
  'match ah ipv6': {
    values: { ahlen: ['32', '0', '4294967295'] },
    more: ['--ahspi 1:2 ! --ahlen 32 --ahres'],
  },
  'match dst': { values: { 'dst-opts': OPTS }, more: ['--dst-len 42 --dst-opts 1:2,3', '! --dst-len 0'] },
  'match hbh': { values: { 'hbh-opts': OPTS }, more: ['--hbh-len 42 --hbh-opts 1:2,3', '! --hbh-len 0'] },
  'match eui64': { chain: 'INPUT', more: ['', '-m eui64'] },
  'match frag': {
    more: [
      '--fragid 1:42 --fraglen 42 --fragres --fragmore --fragfirst',
      '--fraglast --fragid :',
      '--fragfirst --fraglast',
    ],
  },
  'match hl': {},
  'match ttl': {},
  'match icmp': {
    before: '-p icmp',
    values: {
      'icmp-type': [
        '8',
        'any',
        '255',
        '255/255',
        '8/0',
        '0/0',
        'echo-request',
        'ping',
        'network-unreachable',
        '3/255',
      ],
    },
    more: ['! --icmp-type 255/0:255', '--icmp-type 3/1:3'],
  },
  'match icmp6': {
    before: '-p ipv6-icmp',
    values: {
      'icmpv6-type': ['128', '1/0', 'echo-request', 'neighbour-solicitation', 'no-route', '255', 'any', '0'],
    },
  },
  'match ipv6header': {
    with: '',
    values: {
      header: [
        'hop-by-hop',
        'frag,esp',
        'none',
        'dst,route,ah',
        'proto',
        '0,43',
        'hop,dst,route,frag,auth,esp,none',
      ],
    },
    withFor: { soft: '--header hop-by-hop' },
    more: ['--header frag --soft', '! --header frag --soft'],
  },
  'match mh': {
    before: '-p mobility-header',
    values: {
      'mh-type': [
        '1',
        '1:3',
        ':',
        '0:255',
        'binding-refresh-request',
        'brr:cot',
        '0:',
        ':255',
        '5:',
        '0',
        '255',
      ],
    },
  },
  'match rt': {
    values: {
      'rt-0-addrs': ['2001:db8::1', '2001:db8::1,2001:db8::2', '::'],
      'rt-type': ['0', '2', '4294967295'],
    },
    withFor: {
      'rt-0-res': '--rt-type 0',
      'rt-0-addrs': '--rt-type 0',
      'rt-0-not-strict': '--rt-type 0 --rt-0-addrs ::1',
    },
    more: [
      '',
      '--rt-type 0 ! --rt-segsleft 1:23 ! --rt-len 42 --rt-0-res',
      '! --rt-type 1 ! --rt-segsleft 12:23',
    ],
  },
  'match srh': {
    more: [
      '',
      '--srh-psid a::/64 --srh-nsid b::/128 --srh-lsid c::/0',
      '! --srh-next-hdr 17 ! --srh-segs-left-eq 0 --srh-tag 0',
    ],
  },
  'match dccp': {
    before: '-p dccp',
    values: {
      'dccp-types': [
        'REQUEST',
        'REQUEST,DATA,ACK',
        'INVALID',
        'REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID',
      ],
    },
    more: ['', '--sport 1 ! --dport 65535'],
  },
  'match dscp': {
    values: { 'dscp-class': ['EF', 'CS0', 'BE', 'AF11', 'ef'], dscp: ['0', '0x3f', '10', '63', '010'] },
  },
  'match ecn': {
    before: '-p tcp',
    values: { 'ecn-ip-ect': ['0', '1', '2', '3'] },
    more: ['--ecn-tcp-ece --ecn-tcp-cwr --ecn-ip-ect 1', '! --ecn-tcp-ece ! --ecn-tcp-cwr ! --ecn-ip-ect 0'],
  },
  'match esp': { before: '-p esp', more: [''] },
  'match ipcomp': { before: '-p ipcomp', more: ['', '--ipcompspi 1:2 --compres'] },
  'match length': { more: ['--length 0:65535 -m length ! --length 5'] },
  'match multiport': {
    before: '-p tcp',
    values: { 'source-ports': MULTI, sports: MULTI, 'destination-ports': MULTI, dports: MULTI, ports: MULTI },
    more: ['--dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15', '! --ports 0:65535'],
  },
  'match pkttype': {
    values: { 'pkt-type': ['unicast', 'broadcast', 'multicast', 'host', 'mcast', 'bcast', 'otherhost'] },
  },
  'match sctp': {
    before: '-p sctp',
    values: {
      ...PORT_OPTIONS,
      'chunk-types': [
        'any DATA',
        'all INIT,DATA',
        'only INIT_ACK',
        'all ALL',
        'any NONE',
        'only DATA:IUB',
        'all ABORT:t',
        'all DATA:ube',
      ],
    },
    more: [''],
  },
  'match string': {
    values: {
      string: NAMES,
      'hex-string': ['"|0001|"', '"a|0d0a|b"', '"|22|"', '"|5c|"', '"|7c|"', 'plain', '"|00 01|"'],
      from: ['0', '1', '010', '65535'],
      to: ['65535', '1', '0', '100'],
      algo: ['bm', 'kmp', 'fsm'],
    },
    with: '--string x --algo bm',
    withFor: { string: '--algo bm', 'hex-string': '--algo kmp', algo: '--string x' },
    more: ['--string x --algo bm --from 1 --to 50 --icase', '--string x --algo bm --from 0 --to 65535'],
  },
  'match tcp': {
    before: '-p tcp',
    values: {
      ...PORT_OPTIONS,
      syn: [''],
      'tcp-flags': ['SYN,ACK SYN', 'ALL NONE', 'ALL ALL', 'NONE NONE', 'FIN,SYN,RST,ACK SYN', 'SYN NONE'],
      'tcp-option': ['5', '0', '1', '255'],
    },
    more: [
      '',
      '--sport 1 --dport 2 --syn',
      '--sport : --dport :',
      '--sport 1:2 ! --dport 3 --tcp-option 4 --tcp-flags SYN SYN',
    ],
  },
  'match udp': { before: '-p udp', more: ['', '--sport 1:2 ! --dport 3', '--sport : ! --dport :'] },
  'match tcpmss': { before: '-p tcp -m tcp --tcp-flags SYN,RST SYN' },
  'match tos': {},
  'match u32': {
    values: {
      u32: [
        '"0x0=0x0"',
        '0x0=0',
        '"0&0xFF=5:7"',
        '"0>>22&0x3C@4>>15&0x01=1"',
        '"0x0=0x0:0xffffffff"',
        '"0=0:4294967295"',
        '"0=1,2:3&&4=5"',
        '"6&0xFF = 0x1"',
      ],
    },
  },
};
