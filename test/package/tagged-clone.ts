import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');

/** A clone of this repository, of which a version is released. */
export class TaggedClone {
  readonly path: string;
  readonly version: string;

  private constructor(path: string, version: string) {
    this.path = path;
    this.version = version;
  }

  /** Without the tag, and with a section of the changelog that says it is unreleased. */
  static async create(path: string): Promise<TaggedClone> {
    await execa('git', ['clone', '--quiet', ROOT, path]);
    const text = await readFile(join(path, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    return new TaggedClone(path, version);
  }

  async git(...args: string[]): Promise<void> {
    await execa('git', ['-C', this.path, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args]);
  }

  async nameVersion(): Promise<void> {
    const expression = `s/^## ${this.version} .*/## ${this.version}/`;
    await execa('sed', ['-i', expression, join(this.path, 'CHANGELOG.md')]);
  }

  async tag(): Promise<void> {
    await this.git('commit', '--quiet', '--all', '--allow-empty', '--message', 'Released');
    await this.git('tag', `v${this.version}`);
  }

  async release(args: readonly string[], env: Record<string, string> = {}) {
    return await execa(join(this.path, 'docker/release'), args, { reject: false, env });
  }
}
