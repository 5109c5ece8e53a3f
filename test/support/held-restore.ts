import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { isStopped } from './processes.ts';

/** A restore of the rules of the host, or one in a rehearsal. */
export type RestoreKind = 'live' | 'rehearsal';

/**
 * To be stopped before it changes anything; to take a minute; to be killed; to say that it failed though it did not; to write
 * megabytes to standard error.
 */
export type Misbehaviour = 'hold' | 'slow' | 'dies' | 'lies' | 'shouts';

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
          'if [[ $0 = *-restore && $1 != --version ]] && read -r mode skip times 2>/dev/null <"$HOLD/$what"; then',
          '  if [[ $skip -gt 0 ]]; then',
          '    echo "$mode $((skip - 1)) $times" >"$HOLD/$what"',
          `    exec -a "$0" ${copy} "$@"`,
          '  fi',
          '  if [[ $times -gt 1 ]]; then echo "$mode 0 $((times - 1))" >"$HOLD/$what"; else rm -f "$HOLD/$what"; fi',
          '  case $mode in',
          '  hold)',
          '    cat >"$HOLD/input"',
          '    echo $$ >"$HOLD/pid.new" && mv "$HOLD/pid.new" "$HOLD/pid"',
          '    kill -STOP $$',
          `    exec -a "$0" ${copy} "$@" <"$HOLD/input" ;;`,
          '  slow) sleep 60 ;;',
          '  dies) kill -KILL $$ ;;',
          '  lies)',
          `    (exec -a "$0" ${copy} "$@")`,
          '    exit 1 ;;',
          '  shouts) head -c 20000000 /dev/zero | tr "\\0" x >&2 ;;',
          '  esac',
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

  /** What runs a command so that it finds these programs in the place of the real ones, and has mounts of its own. */
  prefix(otherMounts: readonly string[]): string[] {
    const mounts = VARIANTS.map((name) => `mount --bind ${join(this.#folder, name)}.sh /usr/sbin/${name}`);
    return [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `${[...mounts, ...otherMounts].join(' && ')} && exec "$@"`,
      'sh',
    ];
  }

  /** Of the restores of that kind to come, one or more are to misbehave, after so many that do not. */
  async ask(what: RestoreKind, mode: Misbehaviour = 'hold', skip = 0, times = 1): Promise<void> {
    await rm(join(this.#folder, 'pid'), { force: true });
    await writeFile(join(this.#folder, what), `${mode} ${skip} ${times}\n`);
  }

  /** From now on none misbehaves. */
  async forgive(what: RestoreKind): Promise<void> {
    await rm(join(this.#folder, what), { force: true });
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
