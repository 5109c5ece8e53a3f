import * as z from 'zod';

const FORM = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]*)):)?(\d{1,5})$/;
const LOOPBACK = '127.0.0.1';
const HIGHEST_PORT = 65_535;

/** `HOST:PORT` or `[::1]:PORT`. A port alone is one of the loopback address: to let others in, an address has to be given. */
export const HttpAddress = z.coerce.string().transform((text, context) => {
  const [, ipv6, host = '', digits] = FORM.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > HIGHEST_PORT) {
    context.addIssue({ code: 'custom', message: 'must be HOST:PORT, such as 127.0.0.1:9464' });
    return z.NEVER;
  }
  return { host: ipv6 ?? (host === '' ? LOOPBACK : host), port };
});
export type HttpAddress = z.infer<typeof HttpAddress>;

/** What only programs of this host can reach. A page of the web that has its name resolve to such an address is none of them. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}

/** The host in a Host header, without its port. */
export function hostIn(header: string | undefined): string {
  return (header ?? '')
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}
