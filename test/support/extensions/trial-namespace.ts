import { type Backend, TestNamespace } from '../namespace.ts';
import { commandOf, runScript } from '../raw-words.ts';
import { KERNEL_PROGRAM, scriptOf } from './needs.ts';
import type { Family, Need } from './setting.ts';

/** Where the rules of one chain are tried. */
export interface Place {
  backend: Backend;
  family: Family;
  table: string;
  chain: string;
}

/** A fresh namespace for the rules of one chain, with what the rules need. */
export class TrialNamespace {
  readonly #namespace: TestNamespace;
  readonly #place: Place;
  readonly #program: string;

  private constructor(namespace: TestNamespace, place: Place) {
    this.#namespace = namespace;
    this.#place = place;
    this.#program = `${place.family === 'ipv4' ? 'iptables' : 'ip6tables'}-${place.backend}`;
  }

  static async create(place: Place, needs: readonly Need[]): Promise<TrialNamespace> {
    const trial = new TrialNamespace(await TestNamespace.create(place.backend), place);
    try {
      await trial.#run(scriptOf(needs, place.backend, place.family));
    } catch (error) {
      await trial.remove();
      throw error;
    }
    return trial;
  }

  async remove(): Promise<void> {
    await this.#namespace.remove();
  }

  /** Adds all of the rules to the chain, or none of them and says why. */
  async add(rules: readonly string[]): Promise<string | null> {
    return await this.#restore(rules.map((rule) => `-A ${this.#place.chain} ${rule}`));
  }

  /** Makes a chain and takes it away again, or says why that cannot be done. */
  async changeChains(): Promise<string | null> {
    return (await this.#restore([':trial - [0:0]'])) ?? (await this.#restore(['-X trial']));
  }

  /** The rules of the chain as they are saved, without the chain. */
  async save(): Promise<string[]> {
    const { table, chain } = this.#place;
    const text = await this.#run(commandOf([`${this.#program}-save`, '-t', table]));
    const begin = `-A ${chain}`;
    return text
      .split('\n')
      .filter((line) => line === begin || line.startsWith(`${begin} `))
      .map((line) => line.slice(begin.length + 1));
  }

  /** The rules of the chain as the kernel has them, in hexadecimal. */
  async kernel(): Promise<string[]> {
    const { backend, family, table, chain } = this.#place;
    const text = await this.#run(
      commandOf(['python3', KERNEL_PROGRAM, 'rules', backend, family, table, chain]),
    );
    return text.split('\n').filter((line) => line !== '');
  }

  async #restore(lines: readonly string[]): Promise<string | null> {
    const text = [`*${this.#place.table}`, ...lines, 'COMMIT', ''].join('\n');
    const script = `${this.#program}-restore -n -w 5 <<'END OF RULES'\n${text}END OF RULES\n`;
    const { status, stderr } = await runScript(this.#namespace.name, script);
    return status === 0 ? null : stderr;
  }

  async #run(script: string): Promise<string> {
    const { status, stdout, stderr } = await runScript(this.#namespace.name, script);
    if (status !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout;
  }
}
