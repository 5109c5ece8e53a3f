import { readNetwork } from '../../list/network.ts';

/** An address as the kernel and `ip` write it: `2001:db8::1` for `2001:DB8:0::1`. What is seen of packets is compared with it. */
export function kernelSpelling(address: string): string {
  const read = readNetwork(address);
  // One of IPv4 that is written as IPv6 stays so: it is told that it cannot be tried.
  return typeof read === 'string' || read.family === 'ipv4' ? address : read.text;
}
