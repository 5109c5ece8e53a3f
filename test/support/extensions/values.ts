import type { Family } from './setting.ts';

const V4_HOSTS = ['10.0.0.1', '0.0.0.0', '255.255.255.255'];
const V6_HOSTS = ['2001:db8::1', '::', '::ffff:192.0.2.1'];
const PORTS = ['22', '0', '65535', 'http', '0x50'];
const PORT_RANGES = ['80:90', '22:22', ':80', '80:', ':', '0:', ':65535', '0:65535', '1:65535', 'http:443'];

function integers(largest: string): string[] {
  return ['1', '0', '010', '0x1f', largest];
}

function ranges(largest: string): string[] {
  return ['1', '1:20', '7:7', ':5', '5:', ':', `0:${largest}`, `1:${largest}`, `0:`, '0x1:0x2', '0', largest];
}

/** Values for each type that libxtables reads by itself; the numbers are those in its list of types. */
const BY_TYPE: Readonly<Record<string, (family: Family) => readonly string[]>> = {
  t0: () => [''],
  t1: () => integers('255'),
  t2: () => integers('65535'),
  t3: () => integers('4294967295'),
  t4: () => integers('18446744073709551615'),
  t5: () => ranges('255'),
  t6: () => ranges('65535'),
  t7: () => ranges('4294967295'),
  t8: () => ranges('18446744073709551615'),
  t9: () => ['0.5', '0', '1', '0.00000000001', '0.333333333333'],
  t11: () => ['0x10', '16', '0x10/0x3f', '0/0', '0/0xff', '0xff/0xff', 'Minimize-Delay', 'Normal-Service'],
  t12: () => ['0x1/0xff', '1', '0', '0/0', '0xffffffff', '0x1/0xffffffff', '0xff/0x0f', '1/0'],
  t13: () => ['debug', '7', 'warning', '4', 'warn', 'emerg', '0', 'error'],
  t14: (family) => (family === 'ipv4' ? V4_HOSTS : V6_HOSTS),
  t15: (family) =>
    family === 'ipv4'
      ? ['10.0.0.1', '10.0.0.0/8', '10.1.2.3/255.0.0.0', '10.0.0.1/255.0.0.255', '0.0.0.0/0', '0/0']
      : ['2001:db8::1', '2001:db8::/32', '2001:db8::1/64', 'fe80::1/ffff::ffff', '::/0', '::/128'],
  t16: () => ['tcp', '6', 'udp', '255', '0', 'all', 'TCP', 'icmp', '253'],
  t17: () => PORTS,
  t18: () => [...PORTS, ...PORT_RANGES],
  t19: (family) => ['24', '0', family === 'ipv4' ? '32' : '128'],
  t20: (family) =>
    family === 'ipv4' ? ['24', '0', '32', '255.255.0.0', '255.0.255.0'] : ['64', '0', '128', 'ffff::'],
  t21: () => ['aa:bb:cc:dd:ee:0f', 'AA:BB:CC:DD:EE:FF', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'],
};

/** `undefined`: each option of the type has values of its own, as for texts and for what an extension reads by itself. */
export function valuesOfType(type: string, family: Family): readonly string[] | undefined {
  return BY_TYPE[type]?.(family);
}

/** For options with ports that libxtables does not read. */
export const PORT_VALUES: readonly string[] = [...PORTS, ...PORT_RANGES];
