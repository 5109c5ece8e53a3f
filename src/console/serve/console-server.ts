import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HttpAddress } from '../../config/http-address.ts';
import { listenAt } from '../../config/listen-at.ts';
import { boundedServer } from '../../system/bounded-server.ts';
import { Admission } from './admission.ts';
import { type Answer, HEADERS, problem, redirect, send } from './answer.ts';
import { LiveFeed } from './live-feed.ts';
import { Login } from './login.ts';
import type { PageFiles } from './page-files.ts';
import { answerApi, type Facts } from './routes.ts';
import { WrongTokens } from './wrong-tokens.ts';

export interface ServerOptions {
  address: HttpAddress;
  /** Names besides the address by which it may be asked for. */
  names: readonly string[];
  token: string | null;
  files: PageFiles;
  facts: Facts;
}

const MOST_CONNECTIONS = 512;
const PAGE = /^\/(?:fleet|rollouts|hosts|events)?(?:\/[^/]+)?$/;

/** Serves the page, and what it asks for: nothing can be changed by it. */
export class ConsoleServer {
  readonly feed = new LiveFeed();
  readonly #options: ServerOptions;
  readonly #admission: Admission;
  readonly #wrong = new WrongTokens();
  readonly #login: Login;
  readonly #server: Server;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#admission = new Admission(options.address.host, options.names, options.token);
    this.#login = new Login(this.#admission, this.#wrong);
    this.#server = boundedServer(MOST_CONNECTIONS, (request, response) => void this.#take(request, response));
  }

  /** @throws {SetupError} if it cannot listen on that address */
  static async open(options: ServerOptions): Promise<ConsoleServer> {
    const opened = new ConsoleServer(options);
    await listenAt(opened.#server, options.address, '--listen');
    return opened;
  }

  /** Where it is to be found. */
  get url(): string {
    const { host } = this.#options.address;
    const { port } = this.#server.address() as { port: number };
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  }

  async close(): Promise<void> {
    this.feed.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    try {
      const answer = await this.#answer(request, response);
      if (answer !== null) await send(request, response, answer);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      const status = error instanceof RangeError ? 413 : 500;
      await send(request, response, problem(status, (error as Error).message));
    }
  }

  /** @returns `null`: it is answered already, and goes on */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | null> {
    if (!this.#admission.isForUs(request))
      return problem(421, 'the console is not asked for by this name: --name');
    if (!URL.canParse(request.url ?? '', 'http://console')) return problem(400, 'this is no address');
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://console');
    if (pathname === '/login' || pathname === '/logout') return await this.#login.answer(pathname, request);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return problem(405, 'only GET and HEAD are answered: nothing can be changed here');
    if (pathname.startsWith('/assets/')) return this.#file(pathname.slice('/assets/'.length));
    if (this.#admission.isGuess(request)) return await this.#refuse();
    if (!this.#admission.mayLook(request))
      return pathname.startsWith('/api/') ? problem(401, 'log in first: /login') : redirect('/login');
    return await this.#show({ pathname, searchParams }, request, response);
  }

  /** What only those see who may look. @returns as {@link #answer} */
  async #show(
    { pathname, searchParams }: Pick<URL, 'pathname' | 'searchParams'>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Answer | null> {
    if (pathname === '/api/live') return this.#follow(request, response);
    if (pathname.startsWith('/api/'))
      return await answerApi(pathname.slice('/api/'.length), searchParams, this.#options.facts);
    return PAGE.test(pathname) ? this.#file('index.html') : problem(404, 'there is no such page');
  }

  async #refuse(): Promise<Answer> {
    if (await this.#wrong.wait())
      return problem(401, 'that is not the token: it is in the file that the console was started with');
    return problem(429, 'too many wrong tokens just now: try again in a minute');
  }

  #file(name: string): Answer {
    return this.#options.files.get(name) ?? problem(404, 'there is no such file');
  }

  #follow(request: IncomingMessage, response: ServerResponse): Answer | null {
    if (request.method === 'HEAD') return problem(405, 'this is asked for by GET');
    const first = { event: 'source', data: this.#options.facts.source() };
    return this.feed.add(response, first) ? null : problem(503, 'too many pages are open');
  }
}
