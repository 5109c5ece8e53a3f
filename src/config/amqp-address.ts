import { unescape } from 'node:querystring';
import * as z from 'zod';

const DEFAULT_PORT = { amqp: 5672, amqps: 5671 };

/**
 * `amqp://user:password@host:port/vhost`. The message about a wrong one does not repeat it, as it may hold a password.
 */
export const AmqpAddress = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const protocol = url?.protocol.slice(0, -1);
  if (url === null || url.hostname === '' || (protocol !== 'amqp' && protocol !== 'amqps')) {
    context.addIssue('must be amqp://HOST:PORT, or several with commas between');
    return z.NEVER;
  }
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT[protocol] : Number(url.port),
    username: unescape(url.username || 'guest'),
    /** Whether the URL says who logs in. */
    hasUser: url.username !== '',
    password: unescape(url.password || (url.username === '' ? 'guest' : '')),
    // Stays escaped, as in the URL: amqplib itself unescapes it.
    vhost: url.pathname.slice(1) || '/',
  };
});
export type AmqpAddress = z.infer<typeof AmqpAddress>;
