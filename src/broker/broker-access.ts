import { credentials, type Options } from 'amqplib';

/** Where brokers are, and how to get in. */
export interface BrokerAccess {
  /** One after the other is tried, from the first. */
  addresses: readonly Options.Connect[];
  /** PEM texts, for `amqps`. With a certificate and `external`, the broker takes the user from there (SASL EXTERNAL). */
  tls: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined; external: boolean };
}

/** What the broker knows the user as, and checks in what is published; `undefined` where only the broker can tell. */
export function userOf({ addresses, tls }: BrokerAccess): string | undefined {
  const names = new Set(addresses.map(({ username }) => username));
  return tls.external || names.size !== 1 ? undefined : [...names][0];
}

/** The options of one connection that are not of its address: as amqplib takes them. */
export function socketOptions({ tls }: BrokerAccess, timeoutMs: number, connectionName: string) {
  const { ca, cert, key, external } = tls;
  return {
    noDelay: true,
    timeout: Math.ceil(timeoutMs),
    clientProperties: { connection_name: connectionName },
    // The name of the host is checked against the certificate whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED).
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    ...(external ? { credentials: credentials.external() } : {}),
  };
}
