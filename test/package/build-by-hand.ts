import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import {
  contextPaths,
  DOCKERFILE,
  type Instruction,
  parseCommand,
  parseDockerfile,
  parsePairs,
  withVariables,
} from './dockerfile.ts';
import { RootFolder } from './root-folder.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A stage of the Dockerfile as a folder, with what the Dockerfile says about the containers of this stage. */
export class Stage {
  readonly root: RootFolder;
  workdir = '/';
  environment: Record<string, string> = {};
  labels: Record<string, string> = {};
  entrypoint: string[] = [];
  command: string[] = [];
  healthcheck: string[] = [];

  constructor(root: RootFolder) {
    this.root = root;
  }
}

/**
 * Does the steps of the Dockerfile one after the other. Each stage has a folder of its own, which begins as a bare Debian 13.
 * Returns the last stage, and throws at an instruction that it cannot do. An image with Node is Debian with this machine's Node.
 */
export async function buildByHand(folder: string, base: string): Promise<Stage> {
  const context = join(folder, 'context');
  for (const path of await contextPaths()) {
    await cp(join(ROOT, path), join(context, path), { recursive: true });
  }
  const variables = new Map<string, string>();
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const { keyword, flags, rest } of parseDockerfile(await readFile(DOCKERFILE, 'utf8'))) {
    // In a RUN command, the shell itself puts in the variables.
    const text = keyword === 'RUN' ? rest : withVariables(rest, variables);
    if (keyword === 'ARG') {
      for (const [name, value] of parsePairs(text)) variables.set(name, value);
    } else if (keyword === 'FROM') {
      const [image = '', , name = ''] = text.split(' ');
      stage = new Stage(await RootFolder.copyOf(base, join(folder, `stage-${name}`)));
      stages.set(name, stage);
      await makeLike(image, stage.root);
    } else {
      const step = STEPS[keyword];
      if (step === undefined || stage === undefined) throw new Error(`${keyword} cannot be done by hand`);
      const other = flags.get('from');
      await step(stage, text, other === undefined ? context : folderOf(stages, other));
    }
  }
  const image = [...stages.values()].at(-1);
  if (image === undefined) throw new Error('the Dockerfile has no stage');
  for (const { root } of stages.values()) if (root !== image.root) await root.remove();
  return image;
}

function folderOf(stages: ReadonlyMap<string, Stage>, name: string): string {
  const stage = stages.get(name);
  if (stage === undefined) throw new Error(`there is no stage ${name} before it`);
  return stage.root.path;
}

const STEPS: Record<Instruction['keyword'], (stage: Stage, text: string, source: string) => unknown> = {
  WORKDIR: async (stage, text) => {
    stage.workdir = text;
    await mkdir(join(stage.root.path, text), { recursive: true });
  },
  RUN: runIn,
  COPY: copyTo,
  ENV: ({ environment }, text) => Object.assign(environment, Object.fromEntries(parsePairs(text))),
  LABEL: ({ labels }, text) => Object.assign(labels, Object.fromEntries(parsePairs(text))),
  HEALTHCHECK: (stage, text) => {
    stage.healthcheck = parseCommand(text.replace(/^CMD /, ''));
  },
  ENTRYPOINT: (stage, text) => {
    stage.entrypoint = parseCommand(text);
  },
  CMD: (stage, text) => {
    stage.command = parseCommand(text);
  },
  // These instructions matter only for whoever runs containers.
  VOLUME: () => {},
  STOPSIGNAL: () => {},
};

async function runIn({ root, workdir, environment }: Stage, command: string): Promise<void> {
  // Tells the build how this machine reaches the npm registry; a real build learns that from the settings of the engine.
  const { stdout: registry } = await execa('npm', ['config', 'get', 'registry']);
  const machine: Record<string, string> = { npm_config_registry: registry };
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  if (authorities !== undefined) {
    await cp(authorities, join(root.path, 'tmp/authorities.pem'));
    machine['NODE_EXTRA_CA_CERTS'] = '/tmp/authorities.pem';
  }
  await root.run(['env', `--chdir=${workdir}`, '/bin/sh', '-c', command], {
    environment: { ...machine, ...environment },
  });
}

/** Copies as Docker does: the contents of a folder, or files into a folder that ends in `/`. */
async function copyTo({ root, workdir }: Stage, text: string, source: string): Promise<void> {
  const paths = text.split(/\s+/);
  const to = paths.pop() ?? '';
  const target = join(root.path, to.startsWith('/') ? '' : workdir, to);
  for (const path of paths) {
    const into = to.endsWith('/') ? join(target, path.split('/').at(-1) ?? '') : target;
    await mkdir(dirname(into), { recursive: true });
    await cp(join(source, path), into, { recursive: true });
  }
}

/** Makes a bare Debian like the image, as far as it matters here. */
async function makeLike(image: string, { path }: RootFolder): Promise<void> {
  if (image.startsWith('debian:13')) return;
  if (!image.startsWith('node:')) throw new Error(`there is no image ${image} here`);
  await cp(process.execPath, join(path, 'usr/local/bin/node'));
  const { stdout: modules } = await execa('npm', ['root', '--global']);
  await cp(join(modules, 'npm'), join(path, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(path, 'usr/local/bin/npm'));
}
