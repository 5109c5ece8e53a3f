import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { hostIn, isLoopback } from '../../config/http-address.ts';

const COOKIE = 'fleetwall_console';

/** Who may ask for what. */
export class Admission {
  readonly #names: ReadonlySet<string>;
  readonly #isLoopback: boolean;
  readonly #token: string | null;
  /** A cookie of one start of the console is of no use to another: nobody keeps the token in a browser. */
  readonly #secret = randomBytes(32);

  /**
   * @param host the address that is listened on
   * @param names besides it, the names by which a proxy is asked for the page
   * @param token who has it may look; `null`: whoever can reach the address
   */
  constructor(host: string, names: readonly string[], token: string | null) {
    this.#isLoopback = isLoopback(host);
    this.#names = new Set([host, ...names].map((name) => name.toLowerCase()));
    this.#token = token;
  }

  get needsToken(): boolean {
    return this.#token !== null;
  }

  /** A page of the web whose name is made to resolve to this address asks for it by that name. */
  isForUs({ headers }: IncomingMessage): boolean {
    const name = hostIn(headers.host);
    return this.#names.has(name) || (this.#isLoopback && isLoopback(name));
  }

  /** Whether a form was sent from the page itself. */
  isFromUs({ headers }: IncomingMessage): boolean {
    const site = headers['sec-fetch-site'];
    if (site !== undefined) return site === 'same-origin' || site === 'none';
    return (
      headers.origin === undefined ||
      (URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host)
    );
  }

  mayLook({ headers }: IncomingMessage): boolean {
    if (this.#token === null) return true;
    const bearer = bearerIn(headers);
    if (bearer !== null) return this.isToken(bearer);
    const cookie = cookieIn(headers.cookie);
    return cookie !== null && isSame(cookie, this.#session());
  }

  /** Whether it is asked as by a program that takes another token for ours. */
  isGuess({ headers }: IncomingMessage): boolean {
    const bearer = bearerIn(headers);
    return this.#token !== null && bearer !== null && !this.isToken(bearer);
  }

  isToken(text: string): boolean {
    return this.#token !== null && isSame(text, this.#token);
  }

  /** Set once the token was given. TLS is the proxy's: over plain HTTP, a browser would not send a `Secure` one back. */
  cookie(isOverTls: boolean): string {
    return `${COOKIE}=${this.#session()}; Path=/; HttpOnly; SameSite=Strict${isOverTls ? '; Secure' : ''}`;
  }

  noCookie(): string {
    return `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;
  }

  #session(): string {
    return createHmac('sha256', this.#secret)
      .update(this.#token ?? '')
      .digest('base64url');
  }
}

function bearerIn({ authorization }: IncomingHttpHeaders): string | null {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** In the same time, however much of it is right. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function cookieIn(header: string | undefined): string | null {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE && value !== undefined) return value;
  }
  return null;
}
