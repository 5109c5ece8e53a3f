import { z } from 'zod';

const FORM = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]*)):)?(\d{1,5})$/;
const LOOPBACK = '127.0.0.1';
const HIGHEST_PORT = 65_535;

/** `HOST:PORT`, `[::1]:PORT`, or a port alone, of the loopback address: others are let in only where that is said. */
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
