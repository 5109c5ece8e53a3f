import { randomBytes } from 'node:crypto';
import { execa } from 'execa';

export type Backend = 'nft' | 'legacy';
export const BACKENDS: readonly Backend[] = ['nft', 'legacy'];
/** In a longer run, all that is ours is tried with both variants and at every step. */
export const IS_LONG_RUN = process.env['FLEETWALL_TEST_LONG'] === 'true';

/** For what is ours alone, whatever the variant: that one, and both in a longer run. */
export function mostlyWith(backend: Backend): readonly Backend[] {
  return IS_LONG_RUN ? BACKENDS : [backend];
}

/** A network namespace of one test, with iptables in it. */
export class TestNamespace {
  readonly name: string;
  readonly backend: Backend;

  private constructor(name: string, backend: Backend) {
    this.name = name;
    this.backend = backend;
  }

  static async create(backend: Backend): Promise<TestNamespace> {
    const name = `fwt-${randomBytes(4).toString('hex')}`;
    await execa('ip', ['netns', 'add', name]);
    await execa('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    return new TestNamespace(name, backend);
  }

  async remove(): Promise<void> {
    await execa('ip', ['netns', 'delete', this.name]);
  }

  /** Runs a program in the namespace, and throws if it fails. */
  async run(file: string, args: readonly string[], input = ''): Promise<string> {
    const { stdout } = await this.try(file, args, input, true);
    return stdout;
  }

  async try(file: string, args: readonly string[], input = '', reject = false) {
    const options = { input, reject, stripFinalNewline: false, env: { LC_ALL: 'C' } };
    return await execa('nsenter', [`--net=/run/netns/${this.name}`, '--', file, ...args], options);
  }

  /** Runs a program in the namespace until its standard input ends, which it does with `until`. @returns what it has printed */
  async send(file: string, args: readonly string[], until: Promise<void>): Promise<string> {
    const child = execa('nsenter', [`--net=/run/netns/${this.name}`, '--', file, ...args]);
    await until;
    child.stdin.end();
    return (await child).stdout;
  }

  /**
   * Rules of both families as `iptables-save` prints them, but without comments and without empty tables, as it means nothing
   * whether those exist; and without counters, unless they are asked for.
   */
  async save({ counters = false }: { counters?: boolean } = {}): Promise<string> {
    const texts: string[] = [];
    for (const program of ['iptables', 'ip6tables']) {
      texts.push(await this.run(`${program}-${this.backend}-save`, counters ? ['-c'] : []));
    }
    const text = texts
      .join('')
      .replace(/^#.*\n/gm, '')
      .replace(/^\*\w+\n(:\w+ ACCEPT .*\n)*COMMIT\n/gm, '');
    return counters ? text : text.replace(/ \[\d+:\d+\]$/gm, '');
  }

  async iptables(...args: string[]): Promise<string> {
    return await this.run(`iptables-${this.backend}`, ['-w', '5', ...args]);
  }

  async restore(text: string, family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<void> {
    const program = family === 'ipv4' ? 'iptables' : 'ip6tables';
    await this.run(`${program}-${this.backend}-restore`, ['-n', '-w', '5'], text);
  }
}
