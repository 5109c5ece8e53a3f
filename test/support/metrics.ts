import { freePort } from './free-ports.ts';

export interface Answer {
  status: number;
  body: unknown;
}

/** Reads the status pages of a worker, as an HTTP client. */
export class StatusReader {
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  static async choose(): Promise<StatusReader> {
    return new StatusReader(await freePort());
  }

  /** The setting that makes the worker serve the pages. */
  get environment(): Record<string, string> {
    return { FLEETWALL_HTTP_ADDRESS: `127.0.0.1:${this.port}` };
  }

  async get(path: string, method = 'GET'): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.port}${path}`, { method });
  }

  async json(path: string): Promise<Answer> {
    const response = await this.get(path);
    return { status: response.status, body: await response.json() };
  }

  async text(): Promise<string> {
    return await (await this.get('/metrics')).text();
  }

  /** The samples by name and labels, as on the page: `fleetwall_rules{family="ipv4",table="filter"}`. */
  async samples(): Promise<Map<string, number>> {
    const lines = (await this.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
    );
  }
}
