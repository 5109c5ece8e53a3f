import { BrokerRefused, BrokerUnreachable } from './broker-errors.ts';
import { ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED, RESOURCE_LOCKED } from './reply-codes.ts';
import { NoAnswer } from './within.ts';

/** What amqplib says when the broker closes a connection while it is opened; of the broker's reason it says nothing. */
const NOT_OPENED = /Expected ConnectionOpenOk; got <ConnectionClose/;
const VHOST =
  'the broker has closed the connection when it was opened: there is no such vhost, the user has no right to it, or a limit of connections is reached; the log of the broker says which';
/** The broker's own words are behind those of amqplib. */
const SAID = /\b(\d{3}) \([A-Z-]+\) with (?:message )?"(?:([A-Z_]+) - )?(.*)"$/s;
const NO_RIGHT = /^access to (\w+) '(.*?)'(?: in exchange '(.*?)')? in vhost '(.*)' refused for user '(.*)'/;

const UNKNOWN_AUTHORITY =
  "the broker's certificate is not signed by an authority that is known here: name its PEM file (--amqp-ca)";
const CLOSED =
  'the other side has closed the connection at once: is this the port of AMQP, and amqps: where the broker wants TLS?';

/** What a broker answers that is there and works; with others it closes the connection, as when it is stopped. */
const ANSWERS = new Set([ACCESS_REFUSED, NOT_FOUND, RESOURCE_LOCKED, PRECONDITION_FAILED]);

/** By the code that the system, TLS or amqplib has for it. */
const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: does the broker run, and are host and port right?',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
  ETIMEDOUT: 'no answer in time: is the host right, and does no firewall stand between?',
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the other side does not speak TLS: say amqp: in place of amqps:, or the port that has TLS',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: "the broker's certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the broker's certificate is for another host name than that of the address (--amqp-url)",
};

/**
 * What went wrong with a broker, in a sentence for the person who has to mend it; the words of amqplib, OpenSSL and the system are kept as
 * the cause. A {@link BrokerRefused} if the broker was there, and did not want it.
 */
export function explainRefusal(error: Error): Error {
  const options = { cause: error };
  if (error instanceof BrokerRefused) return error;
  if (error instanceof NoAnswer) return new BrokerUnreachable('the broker gives no answer in time', options);
  if (NOT_OPENED.test(error.message)) return new BrokerRefused(VHOST, options);
  const [, status, name = '', words = ''] = SAID.exec(error.message) ?? [];
  if (status !== undefined) {
    const sentence = sentenceFor(Number(status), name, words);
    return ANSWERS.has(Number(status)) ? new BrokerRefused(sentence, options) : new Error(sentence, options);
  }
  const { code = '', reason } = error as { code?: string | number; reason?: string };
  const known = SENTENCES[code];
  if (known !== undefined) return new Error(`${known} (${code})`, options);
  if (/closed abruptly|Expected ConnectionStart/.test(error.message)) return new Error(CLOSED, options);
  if (/^ERR_SSL|^EPROTO/.test(String(code))) return new Error(`TLS failed: ${reason ?? code}`, options);
  if (error.message === 'connect ETIMEDOUT') return new Error(`${SENTENCES['ETIMEDOUT']}`, options);
  return error;
}

function sentenceFor(status: number, name: string, words: string): string {
  if (status === ACCESS_REFUSED && words.startsWith('Login was refused'))
    return `the broker does not let this user in: user or password is wrong (${name}); see --amqp-url and --amqp-password-file`;
  const [, kind, what, exchange, vhost, user] = NO_RIGHT.exec(words) ?? [];
  if (kind === undefined) return name === '' ? words : `the broker says: ${words} (${name})`;
  const place = exchange === undefined ? '' : ` of exchange ${exchange}`;
  // A topic begins with the id of a host.
  const advice = exchange === undefined ? '' : ', each for the id of its own host';
  return `user ${user} has no right to the ${kind} ${what}${place} in vhost ${vhost} (${name}): fleetwall provision gives users their rights${advice}`;
}
