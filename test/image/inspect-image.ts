import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEBIAN } from './bases.ts';
import type { Engine } from './engine.ts';
import { say } from './say.ts';

const ROOT = join(import.meta.dirname, '../..');
const IMAGE = 'fleetwall';
/** What the image has beyond Debian: bytes of its layers. */
const OWN_BYTES = 120e6;
/** What nobody needs who runs it: maps, types, sources, tests, tools that build, and what npm keeps. */
const NOT_THERE =
  /(\.map|\.ts|\.tsx|\.test\.\w+|\/(test|tests|__tests__|node_modules|\.npmrc?|\.git|\.env))$/;
/** Names of files and variables that secrets are kept under. */
const SECRET = /(^|\/)(id_[a-z0-9]+|[^/]*\.(key|pem)|\.netrc|\.npmrc|credentials[^/]*)$/i;
const SECRET_NAME = /PASSWORD|SECRET|TOKEN|_KEY|AUTH/i;

interface Image {
  Size: number;
  Config: {
    User: string;
    Env: string[];
    Entrypoint: string[];
    Cmd: string[];
    StopSignal: string;
    Volumes: Record<string, object>;
    Labels: Record<string, string>;
    Healthcheck: { Test: string[] };
  };
}

/** Looks at the image that was built: what is in it, and what it says of itself. */
export async function inspectImage(engine: Engine): Promise<void> {
  const [image, base] = [await inspect(engine, IMAGE), await inspect(engine, DEBIAN)];
  const own = image.Size - base.Size;
  say(`The image looked at: ${(own / 1e6).toFixed(1)} MB of its own`);
  assert.ok(own <= OWN_BYTES, `${own} bytes beyond ${DEBIAN} are more than ${OWN_BYTES}`);

  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { Config: config } = image;
  assert.equal(config.Labels['org.opencontainers.image.version'], version);
  assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
  assert.ok(['', 'root', '0'].includes(config.User), 'the lock of iptables is root’s');
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.deepEqual(Object.keys(config.Volumes), ['/var/lib/fleetwall']);
  assert.deepEqual(config.Entrypoint.slice(-1), ['/usr/bin/fleetwall']);
  assert.deepEqual(config.Cmd, ['worker']);
  assert.match(config.Healthcheck.Test.join(' '), /\/healthz/);
  const names = config.Env.map((line) => line.split('=')[0] ?? '');
  assert.deepEqual(
    names.filter((name) => SECRET_NAME.test(name)),
    [],
  );

  const before = new Set(await paths(engine, DEBIAN));
  const added = (await paths(engine, IMAGE)).filter((path) => !before.has(path));
  // The rest is what Debian's packages have.
  const ours = added.filter((path) => path.startsWith('/usr/lib/fleetwall/'));
  assert.ok(ours.includes('/usr/lib/fleetwall/dist/cli/main.js'));
  assert.ok(ours.includes('/usr/lib/fleetwall/dist/console/index.html'));
  assert.deepEqual(
    ours.filter((path) => NOT_THERE.test(path)),
    [],
  );
  assert.deepEqual(
    added.filter((path) => SECRET.test(path)),
    [],
  );
  const history = await engine.docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', IMAGE);
  assert.doesNotMatch(history, /password=|token=|_authToken/i);
  assert.equal((await run(engine, IMAGE, 'fleetwall', '--version')).trim(), version);
}

async function inspect(engine: Engine, image: string): Promise<Image> {
  const [found] = JSON.parse(await engine.docker('image', 'inspect', image)) as Image[];
  assert.ok(found);
  return found;
}

async function paths(engine: Engine, image: string): Promise<string[]> {
  return (await run(engine, image, 'find', '/', '-xdev')).split('\n');
}

async function run(engine: Engine, image: string, file: string, ...args: string[]): Promise<string> {
  return await engine.docker('run', '--rm', '--network', 'none', '--entrypoint', file, image, ...args);
}
