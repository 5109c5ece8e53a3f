import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Engine } from './engine.ts';

/** The images that the files of docker/ name. */
export const DEBIAN = 'debian:13.6-slim';
const NODE = 'node:20.19.0-bookworm-slim';
const OTHERS = { 'rabbitmq:4.2-management': 'rabbitmq', 'prom/prometheus:v3.5.0': 'prometheus' };

/** What an image of Debian that is called slim leaves out, and does not let dpkg install. */
const NOT_SLIM = ['doc', 'groff', 'info', 'lintian', 'locale', 'man'].map((name) => `/usr/share/${name}/*`);

/** Makes the images that there are not yet, under the names that docker/ has, of Debian 13: none can be pulled here. */
export async function makeBases(engine: Engine, folder: string): Promise<void> {
  const has = async (image: string) => (await engine.try(['docker', 'image', 'inspect', image])).status === 0;
  if (!(await has(DEBIAN))) await makeDebian(engine, folder);
  if (!(await has(NODE))) await makeNode(engine, join(folder, 'engine/tmp/node'));
  for (const [image, name] of Object.entries(OTHERS)) {
    // What has not changed is not built again.
    await build(engine, image, `/src/test/image/stand-ins/${name}`);
  }
}

async function makeDebian(engine: Engine, folder: string): Promise<void> {
  const bare = 'debian:bare';
  const left = [...NOT_SLIM, '/var/cache/apt/*', '/var/lib/apt/lists/*'].map((path) => `--exclude=.${path}`);
  const files = ['-C', join(folder, 'base'), '--one-file-system', ...left, '-c', '.'];
  const [file, args, env] = engine.enter(['docker', 'import', '-', bare]);
  await execa('tar', files, { buffer: { stdout: false } }).pipe(file, args, { env, extendEnv: false });
  const rules = [
    ...NOT_SLIM.map((path) => `path-exclude ${path}`),
    'path-include /usr/share/doc/*/copyright',
  ];
  const context = join(folder, 'engine/tmp/slim');
  await mkdir(context, { recursive: true });
  await writeFile(join(context, 'docker'), `${rules.join('\n')}\n`);
  await writeFile(join(context, 'Dockerfile'), `FROM ${bare}\nCOPY docker /etc/dpkg/dpkg.cfg.d/docker\n`);
  await build(engine, DEBIAN, '/tmp/slim');
}

/** Debian with the Node and the npm of this machine, and with how that reaches the registry. */
async function makeNode(engine: Engine, context: string): Promise<void> {
  await rm(context, { recursive: true, force: true });
  const local = join(context, 'usr/local');
  await mkdir(join(local, 'bin'), { recursive: true });
  await cp(process.execPath, join(local, 'bin/node'));
  const [{ stdout: modules }, { stdout: registry }] = await Promise.all([
    execa('npm', ['root', '--global']),
    execa('npm', ['config', 'get', 'registry']),
  ]);
  await cp(join(modules, 'npm'), join(local, 'lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  const lines = [`FROM ${DEBIAN}`, 'COPY usr /usr', `ENV npm_config_registry=${registry}`];
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  if (authorities !== undefined) {
    await cp(authorities, join(context, 'usr/local/authorities.pem'));
    lines.push('ENV NODE_EXTRA_CA_CERTS=/usr/local/authorities.pem');
  }
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await build(engine, NODE, '/tmp/node');
}

async function build(engine: Engine, image: string, context: string): Promise<void> {
  await engine.docker('build', '--network', 'host', '--quiet', '--tag', image, context);
}
