import type { IncomingMessage } from 'node:http';
import type { Admission } from './admission.ts';
import { type Answer, problem, redirect } from './answer.ts';
import type { WrongTokens } from './wrong-tokens.ts';

const MOST_BYTES = 4_096;

/** Asks for the token, and gives a cookie for it. */
export class Login {
  readonly #admission: Admission;
  readonly #wrong: WrongTokens;

  constructor(admission: Admission, wrong: WrongTokens) {
    this.#admission = admission;
    this.#wrong = wrong;
  }

  /** Of `/login` and `/logout`. */
  async answer(pathname: string, request: IncomingMessage): Promise<Answer> {
    return pathname === '/logout' ? this.#logout(request) : await this.#enter(request);
  }

  async #enter(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'POST') return page(200, '');
    if (!this.#admission.isFromUs(request)) return problem(403, 'this form was sent from another page');
    const token = new URLSearchParams(await bodyOf(request)).get('token') ?? '';
    if (!this.#admission.needsToken || this.#admission.isToken(token.trim())) {
      const isOverTls = request.headers['x-forwarded-proto'] === 'https';
      return redirect('/fleet', { 'set-cookie': this.#admission.cookie(isOverTls) });
    }
    if (!(await this.#wrong.wait()))
      return page(429, 'Too many wrong tokens just now. Try again in a minute.');
    return page(401, 'That is not the token. It is in the file that the console was started with.');
  }

  #logout(request: IncomingMessage): Answer {
    if (request.method !== 'POST') return problem(405, 'this is asked for by POST');
    if (!this.#admission.isFromUs(request)) return problem(403, 'this form was sent from another page');
    return redirect('/login', { 'set-cookie': this.#admission.noCookie() });
  }
}

/** @throws {RangeError} if it is too long */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.byteLength;
    if (size > MOST_BYTES) throw new RangeError('the form is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** No text of anybody's is in it. */
function page(status: number, trouble: string): Answer {
  const told = trouble === '' ? '' : `<p class="problem" role="alert">${trouble}</p>`;
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log in - fleetwall console</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/console.css">
</head>
<body>
<main class="login">
<h1>fleetwall console</h1>
${told}
<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
`;
  return { status, type: 'text/html; charset=utf-8', body };
}
