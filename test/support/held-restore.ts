import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { isStopped } from './processes.ts';

/** A restore of the rules of the host, or one in a rehearsal. */
export type RestoreKind = 'live' | 'rehearsal';

const WAIT_MS = 30_000;
const VARIANTS = ['xtables-nft-multi', 'xtables-legacy-multi'];

/**
 * Stands before the real iptables in a mount namespace of one worker, and stops a restore, when asked to, at the one
 * place that is worth a test: it has read all of its input and has changed nothing yet.
 */
export class HeldRestore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, 'held-restore');
  }

  /** Makes the programs. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const variant of VARIANTS) {
      const copy = join(this.#folder, variant);
      const script = `${copy}.sh`;
      await execa('cp', [`/usr/sbin/${variant}`, copy]);
      await writeFile(
        script,
        [
          '#!/bin/bash',
          '# Only what touches the host holds the fence: a rehearsal does not.',
          'if [[ -e /proc/$$/fd/3 ]]; then what=live; else what=rehearsal; fi',
          'if [[ $0 = *-restore && $1 != --version ]] && rm "$HOLD/$what" 2>/dev/null; then',
          '  cat >"$HOLD/input"',
          '  echo $$ >"$HOLD/pid.new" && mv "$HOLD/pid.new" "$HOLD/pid"',
          '  kill -STOP $$',
          `  exec -a "$0" ${copy} "$@" <"$HOLD/input"`,
          'fi',
          `exec -a "$0" ${copy} "$@"`,
          '',
        ]
          .join('\n')
          .replaceAll('$HOLD', this.#folder),
      );
      await chmod(script, 0o755);
    }
  }

  /** What runs a command so that it finds these programs in the place of the real ones. */
  get prefix(): string[] {
    const mounts = VARIANTS.map((name) => `mount --bind ${join(this.#folder, name)}.sh /usr/sbin/${name}`);
    return [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `${mounts.join('; ')}; exec "$@"`,
      'sh',
    ];
  }

  /** The next restore of that kind is to be held. */
  async ask(what: RestoreKind): Promise<void> {
    await rm(join(this.#folder, 'pid'), { force: true });
    await writeFile(join(this.#folder, what), '');
  }

  /** Waits until it is held; the pid of the restore that is stopped, to be continued. */
  async pid(): Promise<number> {
    const deadline = Date.now() + WAIT_MS;
    while (Date.now() < deadline) {
      const pid = Number(await readFile(join(this.#folder, 'pid'), 'utf8').catch(() => 0));
      if (pid !== 0 && (await isStopped(pid))) return pid;
      await sleep(5);
    }
    throw new Error('no restore was held');
  }
}
