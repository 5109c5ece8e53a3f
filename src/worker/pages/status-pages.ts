import { createServer, type Server, type ServerResponse } from 'node:http';
import type { HttpAddress } from '../../config/http-address.ts';
import { SetupError } from '../../config/setup-error.ts';
import type { WorkerMetrics } from '../../metrics/worker-metrics.ts';
import type { Health } from './health.ts';

export interface StatusSource {
  metrics: Pick<WorkerMetrics, 'text' | 'contentType'>;
  health: Pick<Health, 'whyStuck' | 'readiness'>;
}

interface Page {
  status: number;
  type: string;
  text: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** Prometheus, an orchestrator and some people; not a crowd. */
const MOST_CONNECTIONS = 64;
const REQUEST_MS = 10_000;
/** Node looks for those that are late every 30 s, if it is not told otherwise. */
const LOOK_MS = 2_000;

/** `/metrics`, `/healthz` and `/readyz`, to read and for nothing else. */
export class StatusPages {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {SetupError} if nobody can listen there */
  static async open({ host, port }: HttpAddress, source: StatusSource): Promise<StatusPages> {
    const server = createServer({ connectionsCheckingInterval: LOOK_MS }, (request, response) => {
      request.resume();
      void pageFor(request.method ?? '', request.url ?? '', source).then((page) => send(response, page));
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.requestTimeout = REQUEST_MS;
    server.headersTimeout = REQUEST_MS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new SetupError(
            `cannot listen on ${host}:${port} (${error.code ?? error.message}): correct FLEETWALL_HTTP_ADDRESS`,
          ),
        ),
      );
      server.listen({ host, port }, resolve);
    });
    // What goes wrong with a client is that client's.
    server.on('error', () => {});
    return new StatusPages(server);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function pageFor(method: string, url: string, source: StatusSource): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return problem(405, 'only GET and HEAD are answered');
  try {
    switch (url.replace(/\?.*$/, '')) {
      case '/metrics':
        return { status: 200, type: source.metrics.contentType, text: await source.metrics.text() };
      case '/healthz':
        return verdict({ job: source.health.whyStuck() });
      case '/readyz':
        return verdict(await source.health.readiness());
      default:
        return problem(404, 'there are /metrics, /healthz and /readyz');
    }
  } catch (error) {
    return problem(500, (error as Error).message);
  }
}

/** 200 if nothing is wrong, else 503, and what it is. */
function verdict(checks: Record<string, string | null>): Page {
  const isWell = Object.values(checks).every((reason) => reason === null);
  const told = Object.fromEntries(Object.entries(checks).map(([name, reason]) => [name, reason ?? 'ok']));
  const body = { status: isWell ? 'ok' : 'failed', checks: told };
  return { status: isWell ? 200 : 503, type: JSON_TYPE, text: `${JSON.stringify(body)}\n` };
}

function problem(status: number, reason: string): Page {
  return { status, type: JSON_TYPE, text: `${JSON.stringify({ status: 'failed', reason })}\n` };
}

function send(response: ServerResponse, { status, type, text }: Page): void {
  const headers = { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  response.writeHead(status, headers).end(text);
}
