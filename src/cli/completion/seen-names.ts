import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from '../../config/cache-folder.ts';
import type { ClientSettings } from '../../config/client-settings.ts';

export type NameKind = 'hosts' | 'groups' | 'rulesets';

/** As long as the event log keeps events. */
const KEPT_MS = 30 * 24 * 3_600_000;

const Names = z.record(z.string(), z.number());
const File = z.object({ askedAt: z.number(), hosts: Names, groups: Names, rulesets: Names });

/** Names that were seen on one broker, so that completion need not wait for it. What cannot be kept is not: it is only looked for again. */
export class SeenNames {
  readonly #path: string;
  readonly #file: z.infer<typeof File>;

  private constructor(path: string, file: z.infer<typeof File>) {
    this.#path = path;
    this.#file = file;
  }

  static async open({ amqpUrl }: ClientSettings): Promise<SeenNames> {
    const brokers = amqpUrl.map(({ hostname, port, vhost }) => `${hostname}:${port}/${vhost}`).join(',');
    const name = createHash('sha256').update(brokers).digest('hex').slice(0, 16);
    const path = join(cacheFolder(), `${name}.json`);
    try {
      return new SeenNames(path, File.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch {
      return new SeenNames(path, { askedAt: 0, hosts: {}, groups: {}, rulesets: {} });
    }
  }

  /** When the broker was asked last, whether or not it has answered. */
  get askedAt(): number {
    return this.#file.askedAt;
  }

  see(kind: NameKind, names: Iterable<string>, when = Date.now()): void {
    for (const name of names) this.#file[kind][name] = Math.max(when, this.#file[kind][name] ?? 0);
  }

  forget(host: string): void {
    delete this.#file.hosts[host];
  }

  names(kind: NameKind): string[] {
    return Object.entries(this.#file[kind])
      .filter(([, when]) => when > Date.now() - KEPT_MS)
      .map(([name]) => name);
  }

  async save(askedAt = this.#file.askedAt): Promise<void> {
    const kept = (kind: NameKind) =>
      Object.fromEntries(this.names(kind).map((name) => [name, this.#file[kind][name]]));
    const file = { askedAt, hosts: kept('hosts'), groups: kept('groups'), rulesets: kept('rulesets') };
    const aside = `${this.#path}.${process.pid}`;
    try {
      // Not `recursive`, which goes on for ever where there can be no folders, as in /proc.
      for (const folder of [dirname(cacheFolder()), cacheFolder()])
        await mkdir(folder, { mode: 0o700 }).catch(() => {});
      await writeFile(aside, JSON.stringify(file), { mode: 0o600 });
      await rename(aside, this.#path);
    } catch {
      // A home that cannot be written to is no reason to trouble anybody.
    }
  }
}
