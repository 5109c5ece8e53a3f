import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { isStopped } from './processes.ts';

/** A restore of the live rules of the host, or one in a rehearsal. */
export type RestoreKind = 'live' | 'rehearsal';

/**
 * What a restore is to do: stop before it changes anything (`hold`); take a minute (`slow`); be killed (`dies`); say that it
 * failed although it did not (`lies`); write megabytes to standard error (`shouts`).
 */
export type Misbehaviour = 'hold' | 'slow' | 'dies' | 'lies' | 'shouts';

const WAIT_MS = 30_000;
const VARIANTS = ['xtables-nft-multi', 'xtables-legacy-multi'];

/**
 * Takes the place of the real iptables in the mount namespace of one worker. When asked to, it stops a restore at the one
 * point that is worth a test: when it has read all of its input, and has changed nothing yet.
 */
export class HeldRestore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, 'held-restore');
  }

  /** Makes the programs that take the place of iptables. */
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

  /** The words that run a command so that it finds these programs in the place of the real ones, and has other mounts. */
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

  /** Makes `times` restores of this kind misbehave, after `skip` that do not. */
  async ask(what: RestoreKind, mode: Misbehaviour = 'hold', skip = 0, times = 1): Promise<void> {
    await rm(join(this.#folder, 'pid'), { force: true });
    await writeFile(join(this.#folder, what), `${mode} ${skip} ${times}\n`);
  }

  /** Makes no restore of this kind misbehave any more. */
  async forgive(what: RestoreKind): Promise<void> {
    await rm(join(this.#folder, what), { force: true });
  }

  /** Waits until a restore is held. @returns its pid, to continue it */
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
