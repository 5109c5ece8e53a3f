import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { TaggedClone } from '../package/tagged-clone.ts';
import type { Engine } from './engine.ts';
import { say } from './say.ts';

/** `docker/release` with this engine: the image is published as well, and is the one of its tag. */
export async function testRelease(engine: Engine): Promise<void> {
  say('A release, with its image');
  // The engine has this folder as /tmp/release: it builds what was cloned there.
  const folder = join(engine.folder, 'engine/tmp/release');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  const clone = await TaggedClone.create(join(folder, 'source'));
  await clone.nameVersion();
  await clone.tag();
  await writeFile(join(folder, 'bin/docker'), dockerOf(engine), { mode: 0o755 });
  const env = { TMPDIR: folder, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
  const { exitCode, stderr, stdout } = await clone.release([join(folder, 'out')], env);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, new RegExp(`docker push fleetwall:${clone.version}`));

  await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: join(folder, 'out') });
  const name = `fleetwall:${clone.version}`;
  await engine.docker('image', 'rm', '--force', name);
  const file = `/tmp/release/out/fleetwall-${clone.version}-image.tar.gz`;
  assert.match(await engine.docker('load', '--input', file), new RegExp(`Loaded image: ${name}`));
  const said = ['run', '--rm', '--network', 'none', name, '--version'];
  assert.equal((await engine.docker(...said)).trim(), clone.version);
  await rm(folder, { recursive: true });
}

/** The command of the engine, in the folder in which it is called; the network for npm and apt is that of this machine. */
function dockerOf(engine: Engine): string {
  const [file, args, env] = engine.enter(['env', '--chdir="$at"', 'docker', '"$@"']);
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return `#!/bin/sh
at=\${PWD#${join(engine.folder, 'engine')}}
[ "$at" != "$PWD" ] || at=/
if [ "$1" = build ]; then
  shift
  set -- build --network host "$@"
fi
exec env -i ${[...settings, file, ...args].join(' ')}
`;
}
