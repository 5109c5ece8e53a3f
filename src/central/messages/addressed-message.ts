import { hostKey } from '../../contract/words/names.ts';
import type { PreparedMessage } from './messages.ts';

/** A message, and whom it goes to. */
export interface AddressedMessage {
  message: PreparedMessage;
  /** Each is published once; `host`: who alone gets it, `null`: whoever is bound for the key. */
  sends: readonly { key: string; host: string | null }[];
  /** Of whom an answer is expected. */
  hosts: readonly string[];
}

/** A message to single hosts. */
export function toHosts(message: PreparedMessage, hosts: readonly string[]): AddressedMessage {
  return { message, sends: hosts.map((host) => ({ key: hostKey(host), host })), hosts };
}

/** Those who can only have been meant by a key of many. */
export function unnamed(sends: AddressedMessage['sends'], hosts: readonly string[]): string[] {
  const named = new Set(sends.map(({ host }) => host));
  return hosts.filter((host) => !named.has(host));
}
