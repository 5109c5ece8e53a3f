import type { Server, ServerResponse } from 'node:http';
import { type HttpAddress, hostIn, isLoopback } from '../../config/http-address.ts';
import { listenAt } from '../../config/listen-at.ts';
import type { WorkerMetrics } from '../../metrics/worker-metrics.ts';
import { boundedServer } from '../../system/bounded-server.ts';
import type { Health } from './health.ts';

export interface StatusSource {
  metrics: Pick<WorkerMetrics, 'text' | 'contentType'>;
  health: Pick<Health, 'whyStuck' | 'readiness' | 'lacking'>;
}

interface Page {
  status: number;
  type: string;
  text: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** Enough for Prometheus, an orchestrator and some people. */
const MOST_CONNECTIONS = 64;
const NOT_HERE = 'this address is for programs of this host: ask for it by 127.0.0.1 or localhost';

/** Serves `/metrics`, `/healthz` and `/readyz`: they can be read, and nothing can be changed by them. */
export class StatusPages {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {SetupError} if it cannot listen on that address */
  static async open(address: HttpAddress, source: StatusSource): Promise<StatusPages> {
    const server = boundedServer(MOST_CONNECTIONS, (request, response) => {
      request.resume();
      const isForeign = isLoopback(address.host) && !isLoopback(hostIn(request.headers.host));
      if (isForeign) return send(response, problem(421, NOT_HERE));
      void pageFor(request.method ?? '', request.url ?? '', source).then((page) => send(response, page));
    });
    await listenAt(server, address, 'FLEETWALL_HTTP_ADDRESS');
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
        return verdict(await source.health.readiness(), source.health.lacking);
      default:
        return problem(404, 'there are /metrics, /healthz and /readyz');
    }
  } catch (error) {
    return problem(500, (error as Error).message);
  }
}

/**
 * 200 if nothing is wrong, else 503; the text has each check with what is wrong.
 *
 * @param lacking what is missing besides, and keeps nothing from being done
 */
function verdict(
  checks: Record<string, string | null>,
  lacking: Readonly<Record<string, string>> = {},
): Page {
  const isWell = Object.values(checks).every((reason) => reason === null);
  const told = Object.fromEntries(Object.entries(checks).map(([name, reason]) => [name, reason ?? 'ok']));
  const isLacking = Object.keys(lacking).length > 0;
  const body = { status: isWell ? 'ok' : 'failed', checks: told, ...(isLacking ? { lacking } : {}) };
  return { status: isWell ? 200 : 503, type: JSON_TYPE, text: `${JSON.stringify(body)}\n` };
}

function problem(status: number, reason: string): Page {
  return { status, type: JSON_TYPE, text: `${JSON.stringify({ status: 'failed', reason })}\n` };
}

function send(response: ServerResponse, { status, type, text }: Page): void {
  const headers = { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  response.writeHead(status, headers).end(text);
}
