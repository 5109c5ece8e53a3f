import { credentials, type Options } from 'amqplib';

/** The addresses of the brokers, and how to log in there. */
export interface BrokerAccess {
  /** A connection tries one after the other, a probe all at once; it is enough that one works. */
  addresses: readonly Options.Connect[];
  /** PEM texts, for `amqps`. With `external`, the broker takes the user's name from the certificate (SASL EXTERNAL). */
  tls: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined; external: boolean };
}

/** The user's name, which the broker checks in each message that carries one. `undefined`: only the broker knows it. */
export function userOf({ addresses, tls }: BrokerAccess): string | undefined {
  const names = new Set(addresses.map(({ username }) => username));
  return tls.external || names.size !== 1 ? undefined : [...names][0];
}

/** The options of one connection besides its address, in the form that amqplib takes. */
export function socketOptions({ tls }: BrokerAccess, timeoutMs: number, connectionName: string) {
  const { ca, cert, key, external } = tls;
  return {
    noDelay: true,
    timeout: Math.ceil(timeoutMs),
    clientProperties: { connection_name: connectionName },
    // NODE_TLS_REJECT_UNAUTHORIZED in the environment must not switch off the check of the certificate and its host name.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    // Lists, as amqplib keeps these options, and what they hold may change: see `renewTls`.
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined || key === undefined ? {} : { cert: [cert], key: [key] }),
    ...(external ? { credentials: credentials.external() } : {}),
  };
}

/** Puts certificates and key of a new access in the place of those in options that are in use. */
export function renewTls(options: ReturnType<typeof socketOptions>, { tls }: BrokerAccess): void {
  for (const name of ['ca', 'cert', 'key'] as const) {
    const [list, text] = [options[name], tls[name]];
    if (list !== undefined && text !== undefined) list[0] = text;
  }
}
